//! `frontdesk join-link …`.

use clap::{Args, Subcommand};

use super::Done;
use super::parse::tenant;
use super::print::{Output, say};
use crate::actions::invitation::invitation;
use crate::actions::join_links::{list_join_links, make_join_link, revoke_join_link};
use crate::app::App;
use crate::reservation::wording::Language;
use crate::reservation::{AppointmentId, JoinLinkId, TenantName};
use crate::view::{InvitationView, JoinLinkView};

#[derive(Debug, Args)]
pub(super) struct JoinLinkArgs {
    /// Tenant of the appointment; may be left out where there is only one
    #[arg(long, global = true)]
    tenant: Option<TenantName>,
    #[command(subcommand)]
    command: JoinLinkCommand,
}

#[derive(Debug, Subcommand)]
enum JoinLinkCommand {
    /// List an appointment's links, revoked ones too: whoever opens one comes in
    List {
        /// Which appointment
        appointment: AppointmentId,
    },
    /// Make a new link; the one before leads nowhere from then on
    Make {
        /// Which appointment
        appointment: AppointmentId,
        /// Whom it is for, by id, external id or e-mail address
        #[arg(long, value_name = "WHO", required_unless_present = "guests")]
        participant: Option<String>,
        /// It is for guests
        #[arg(long, conflicts_with = "participant")]
        guests: bool,
    },
    /// Revoke a link, at once and for good
    Revoke {
        /// Which link
        id: JoinLinkId,
    },
    /// Write the mail that invites somebody
    Invitation {
        /// Which link
        id: JoinLinkId,
        /// The language of the mail: `en` or `de` [default: the tenant's]
        #[arg(long)]
        language: Option<Language>,
    },
}

impl JoinLinkArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        match self.command {
            JoinLinkCommand::List { appointment } => {
                let mut db = app.db.acquire().await?;
                let links = list_join_links(app, &mut db, tenant.id, appointment).await?;
                output.list(&links.iter().map(JoinLinkView::from).collect::<Vec<_>>())
            }
            JoinLinkCommand::Make { appointment, participant, guests: _ } => {
                let link = make_join_link(app, &tenant.name, appointment, participant.as_deref()).await?;
                output.one(&JoinLinkView::from(&link))
            }
            JoinLinkCommand::Revoke { id } => {
                output.one(&JoinLinkView::from(&revoke_join_link(app, &tenant.name, id).await?))
            }
            JoinLinkCommand::Invitation { id, language } => {
                let mut db = app.db.acquire().await?;
                let invitation = invitation(app, &mut db, &tenant, id, language).await?;
                if output.json {
                    return output.one(&InvitationView::from(&invitation));
                }
                say(format_args!("Subject: {}\n\n{}", invitation.subject, invitation.text));
                Ok(())
            }
        }
    }
}
