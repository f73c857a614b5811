//! `frontdesk token verify`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

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
    file: Option<PathBuf>,
    /// The room that it should open
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
}

/// The token is not good. What is wrong with it was printed.
#[derive(Debug, thiserror::Error)]
#[error("the token is not good")]
struct NotGood;

impl VerifyArgs {
    pub async fn run(self, app: &App, tenant: &Tenant, output: Output) -> Done {
        let token = match self.file {
            Some(file) => read(File::open(file)?)?,
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
