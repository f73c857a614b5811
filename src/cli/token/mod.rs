//! `frontdesk token …`.

mod instant_room;
mod mint;
mod person;
mod revoke;
mod settings;
mod verify;

use clap::{Args, Subcommand};

use super::Done;
use super::parse::tenant;
use super::print::Output;
use crate::app::App;
use crate::reservation::TenantName;

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// Tenant whose rooms it opens; may be left out where there is only one
    #[arg(long, global = true)]
    tenant: Option<TenantName>,
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token, and show it this once: who has it gets in
    Mint(Box<mint::MintArgs>),
    /// Make a room that is open by its very name, and a token to open it with
    InstantRoom(Box<instant_room::InstantRoomArgs>),
    /// Show what the tenant's tokens are like, or change that
    Settings(Box<settings::SettingsArgs>),
    /// Say whether a token is good, why not, and what Jitsi and JaaS would say to it
    Verify(verify::VerifyArgs),
    /// Revoke a token, or all that were made for an appointment until now. Conference servers are not told
    Revoke(revoke::RevokeArgs),
}

impl TokenArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        match self.command {
            TokenCommand::Mint(args) => args.run(app, &tenant, output).await,
            TokenCommand::InstantRoom(args) => args.run(app, &tenant, output).await,
            TokenCommand::Settings(args) => args.run(app, &tenant.name, output).await,
            TokenCommand::Verify(args) => args.run(app, &tenant, output).await,
            TokenCommand::Revoke(args) => args.run(app, tenant.id, output).await,
        }
    }
}
