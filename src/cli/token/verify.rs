//! `frontdesk token verify`.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::actions::verify_token::verify_token;
use crate::app::App;
use crate::cli::Done;
use crate::cli::print::Output;
use crate::reservation::{RoomKey, Tenant};
use crate::view::VerificationView;

/// More than any token may have: what is longer is refused without being read to its end.
const MOST: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// File with the token; standard input, where none is named. Never the token itself: the shell would remember it
    #[arg(value_name = "FILE", value_parser = token_file)]
    file: Option<TokenFile>,
    /// The room that it should open
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
}

/// What stands in a file, or why it can't be read: that is said later, for clap would repeat what was typed in the file's
/// place, which may be the token itself.
#[derive(Debug, Clone)]
struct TokenFile(Result<SecretString, io::ErrorKind>);

/// Reads while the command line is parsed, when a process of root's still is root's.
#[expect(clippy::unnecessary_wraps, reason = "it parses a value of clap's")]
fn token_file(path: &str) -> Result<TokenFile, Infallible> {
    Ok(TokenFile(File::open(path).and_then(read).map_err(|error| error.kind())))
}

/// There is no token to look at.
#[derive(Debug, thiserror::Error)]
#[error("the file with the token can't be read: {0}")]
struct NotRead(io::ErrorKind);

/// The token is not good. What is wrong with it was printed.
#[derive(Debug, thiserror::Error)]
#[error("the token is not good")]
struct NotGood;

impl VerifyArgs {
    pub async fn run(self, app: &App, tenant: &Tenant, output: Output) -> Done {
        let token = match self.file {
            Some(TokenFile(token)) => token.map_err(NotRead)?,
            None => read(io::stdin())?,
        };
        let seen = verify_token(app, tenant, token.expose_secret().trim(), self.room.as_ref()).await?;
        output.one(&VerificationView::from(&seen))?;
        if seen.flaws.is_empty() { Ok(()) } else { Err(NotGood.into()) }
    }
}

fn read(from: impl Read) -> io::Result<SecretString> {
    let mut token = String::new();
    from.take(MOST).read_to_string(&mut token)?;
    Ok(token.into())
}
