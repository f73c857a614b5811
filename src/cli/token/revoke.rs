//! `frontdesk token revoke`.

use clap::Args;

use crate::actions::revoke_tokens::{Tokens, revoke_tokens};
use crate::app::App;
use crate::cli::Done;
use crate::cli::print::Output;
use crate::reservation::{AppointmentId, HostKey, TenantId, TokenId};
use crate::view::RevocationView;

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// Which token: its `jti`
    #[arg(required_unless_present = "appointment", conflicts_with = "appointment")]
    id: Option<TokenId>,
    /// All that were made for this appointment until now
    #[arg(long, value_name = "ID")]
    appointment: Option<AppointmentId>,
    /// Only those of this participant, by id, external id or e-mail address
    #[arg(long, value_name = "WHO", requires = "appointment")]
    participant: Option<HostKey>,
}

impl RevokeArgs {
    /// Which tokens are meant; clap sees to it that some are.
    fn tokens(&self) -> Option<Tokens> {
        match (self.id, self.appointment, &self.participant) {
            (Some(id), ..) => Some(Tokens::One(id)),
            (None, Some(id), None) => Some(Tokens::Appointment(id)),
            (None, Some(id), Some(who)) => Some(Tokens::Participant(id, who.to_string())),
            (None, None, _) => None,
        }
    }

    pub async fn run(self, app: &App, tenant: TenantId, output: Output) -> Done {
        let Some(tokens) = self.tokens() else { return Ok(()) };
        output.one(&RevocationView::from(&revoke_tokens(app, tenant, &tokens).await?))
    }
}
