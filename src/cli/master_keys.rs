//! `frontdesk master-keys …`.

use clap::Subcommand;

use super::Done;
use super::bare_session::{BarePlace, BareSession};
use super::print::Output;
use crate::actions::forget_master_key::{forget_master_key, what_is_lost};
use crate::actions::master_keys::list_master_keys;
use crate::actions::reseal::reseal;
use crate::app::App;
use crate::clock::Clock;
use crate::seal::{KeyId, MasterKeys};
use crate::view::{LossView, MasterKeyView, ResealedView};

#[derive(Debug, Subcommand)]
pub(super) enum MasterKeysCommand {
    /// List the master keys by their ids, with how much each has sealed; also where one is missing
    List,
    /// Seal everything anew under the first key, and say which lines of the key file may go then; may be repeated
    Reseal,
    /// Do without a key that is lost for good; says what is lost with it, and does nothing without --yes
    Forget {
        /// Which key, as `list` shows it
        key_id: KeyId,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

impl MasterKeysCommand {
    /// Whether it has to work where a key is missing.
    pub fn bears_missing_keys(&self) -> bool {
        !matches!(self, Self::Reseal)
    }

    /// Runs `list` and `forget`.
    pub async fn run_bare(self, place: BarePlace, output: Output) -> Done {
        let mut session = BareSession::open(place).await?;
        let done = match self {
            Self::Reseal => Ok(()),
            Self::List => list(&mut session, output).await,
            Self::Forget { key_id, yes } => forget(&mut session, key_id, yes, output).await,
        };
        session.close().await;
        done
    }
}

async fn list(session: &mut BareSession, output: Output) -> Done {
    let keys = list_master_keys(&mut session.db, session.keys.as_ref()).await?;
    output.list(&keys.iter().map(MasterKeyView::from).collect::<Vec<_>>())
}

async fn forget(session: &mut BareSession, key: KeyId, yes: bool, output: Output) -> Done {
    let now = Clock::system().now();
    let lost = what_is_lost(&mut session.db, session.keys.as_ref(), key, now).await?;
    if !yes {
        output.one(&LossView::new(&lost, false, None))?;
        output.hint("nothing was done. Look for the key once more; if it is lost for good, say --yes");
        return Ok(());
    }
    // First the new key: what was cut off in between is only to be done again.
    let made = session.make_key_where_missing()?.map(MasterKeys::first_id);
    let lost = forget_master_key(&mut session.db, session.keys.as_ref(), key, now).await?;
    output.one(&LossView::new(&lost, true, made))?;
    if session.keys.is_none() {
        output.hint("the key file is missing: make a new one, the same for every replica");
    }
    if lost.upcoming() > 0 {
        output.hint(
            "each of these rooms stays shut until `frontdesk appointment change ID --generate-password`",
        );
    }
    Ok(())
}

/// Runs `reseal`.
pub(super) async fn run_reseal(app: &App, output: Output) -> Done {
    let done = reseal(app).await?;
    output.one(&ResealedView::from(&done))?;
    for key in done.keys.iter().filter(|key| key.may_go()) {
        let line = key.line.unwrap_or_default();
        output.hint(&format!(
            "`{}` seals nothing: line {line} may be removed, unless you have only just added it",
            key.id
        ));
    }
    Ok(())
}
