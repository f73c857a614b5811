//! `frontdesk token settings`.

use chrono::TimeDelta;
use clap::Args;

use crate::actions::token_settings::{change_token_settings, token_settings};
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::{Maybe, positive_length};
use crate::cli::print::Output;
use crate::reservation::{Role, TenantName};
use crate::signing::{Algorithm, Issuer};
use crate::token::{Audience, Feature, Features, Subject, VerifierKind};
use crate::view::TokenSettingsView;

/// What is to be different. Without anything, they are shown.
#[derive(Debug, Args)]
pub(super) struct SettingsArgs {
    /// Who verifies them: `jitsi`, `jaas` or `other` [at first: jitsi]
    #[arg(long)]
    verifier: Option<VerifierKind>,
    /// What they are signed with: RS256, RS384, RS512, HS256, HS384, HS512, ES256 or EdDSA [at first: RS256]
    #[arg(long)]
    algorithm: Option<Algorithm>,
    /// `iss` [at first: frontdesk]
    #[arg(long)]
    issuer: Option<Issuer>,
    /// `aud` [at first: jitsi]
    #[arg(long)]
    audience: Option<Audience>,
    /// `sub`: for docker-jitsi-meet `meet.jitsi`, for JaaS your AppID; `none` for what the meeting URL says
    #[arg(long, value_parser = |text: &str| Maybe::or(text, str::parse::<Subject>))]
    subject: Option<Maybe<Subject>>,
    /// How long a token is good that is for nobody in particular [at first: 15m]
    #[arg(long, value_name = "LENGTH", value_parser = positive_length)]
    guest_lifetime: Option<TimeDelta>,
    /// Which role the following are about
    #[arg(long)]
    role: Option<Role>,
    /// Whether that role moderates
    #[arg(long, value_name = "true|false", requires = "role")]
    moderator: Option<bool>,
    /// Whether that role walks past the lobby
    #[arg(long, value_name = "true|false", requires = "role")]
    lobby_bypass: Option<bool>,
    /// All that the role may do, with commas between, such as `recording,send-groupchat`; `nothing`, or `any` for what
    /// Jitsi allows by itself
    #[arg(long, value_name = "LIST", requires = "role", value_parser = features)]
    features: Option<FeaturesArg>,
}

/// All that a role may do; `None` leaves that to Jitsi.
#[derive(Debug, Clone)]
struct FeaturesArg(Option<Features>);

fn features(text: &str) -> Result<FeaturesArg, crate::token::FeatureError> {
    let listed = |text: &str| -> Result<Features, _> {
        text.split(',').map(|name| Ok((name.trim().parse::<Feature>()?, true))).collect()
    };
    Ok(FeaturesArg(match text {
        "any" => None,
        "nothing" => Some(Features::new()),
        listing => Some(listed(listing)?),
    }))
}

impl SettingsArgs {
    pub async fn run(self, app: &App, tenant: &TenantName, output: Output) -> Done {
        let settings = if self.changes_something() {
            change_token_settings(app, tenant, |settings| {
                settings.verifier = self.verifier.unwrap_or(settings.verifier);
                settings.algorithm = self.algorithm.unwrap_or(settings.algorithm);
                settings.issuer = self.issuer.clone().unwrap_or_else(|| settings.issuer.clone());
                settings.audience = self.audience.clone().unwrap_or_else(|| settings.audience.clone());
                if let Some(Maybe(subject)) = &self.subject {
                    settings.subject.clone_from(subject);
                }
                settings.guest_lifetime = self.guest_lifetime.unwrap_or(settings.guest_lifetime);
                if let Some(role) = self.role {
                    let privileges = settings.roles.of_mut(role);
                    privileges.moderator = self.moderator.unwrap_or(privileges.moderator);
                    privileges.lobby_bypass = self.lobby_bypass.unwrap_or(privileges.lobby_bypass);
                    if let Some(FeaturesArg(features)) = &self.features {
                        privileges.features.clone_from(features);
                    }
                }
            })
            .await?
        } else {
            token_settings(app, tenant).await?
        };
        output.one(&TokenSettingsView::from(settings))
    }

    fn changes_something(&self) -> bool {
        self.verifier.is_some()
            || self.algorithm.is_some()
            || self.issuer.is_some()
            || self.audience.is_some()
            || self.subject.is_some()
            || self.guest_lifetime.is_some()
            || self.role.is_some()
    }
}
