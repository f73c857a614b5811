//! Everything of a tenant, one thing per line.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::{
    AppView, AppointmentView, BrandView, ConferenceView, DialectsView, FeedView, OccurrenceView, RefusalView,
    TenantView, TokenSettingsView,
};
use crate::actions::export_tenant::Exported;
use crate::reservation::{ServerId, Tenant};

/// One line of an export: what it is, and what it looks like elsewhere.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExportView {
    /// The tenant with its policy; always the first line.
    Tenant(Box<TenantView>),
    /// What it has settled besides.
    Settings(Box<SettingsView>),
    /// An app, without credentials and keys.
    App(AppView),
    /// A conference server that may ask for it.
    Server {
        /// Which one.
        id: ServerId,
        /// What operators call it.
        name: String,
    },
    /// A feed, without its secret.
    Feed(FeedView),
    /// An appointment.
    Appointment {
        /// The appointment.
        #[serde(flatten)]
        appointment: Box<AppointmentView>,
        /// Its dates.
        occurrences: Vec<OccurrenceView>,
    },
    /// A conference.
    Conference(Box<ConferenceView>),
    /// A refusal.
    Refusal(RefusalView),
}

/// What a tenant has settled beside its policy.
#[derive(Debug, Serialize)]
pub struct SettingsView {
    /// What people see of it.
    brand: BrandView,
    /// What its room tokens are like.
    token_settings: TokenSettingsView,
    /// Which languages of other systems its apps may speak.
    dialects: DialectsView,
}

impl ExportView {
    /// The thing as a line, without the end of the line; as it is at that moment.
    #[must_use]
    pub fn new(tenant: &Tenant, exported: &Exported, now: DateTime<Utc>) -> Self {
        match exported {
            Exported::Tenant(tenant) => Self::Tenant(Box::new(tenant.as_ref().into())),
            Exported::Settings(settings) => Self::Settings(Box::new(SettingsView {
                brand: (&settings.brand).into(),
                token_settings: settings.tokens.clone().into(),
                dialects: settings.dialects.clone().into(),
            })),
            Exported::App(app) => Self::App(app.into()),
            Exported::Server(server) => Self::Server { id: server.server.id, name: server.name.clone() },
            Exported::Feed(feed) => Self::Feed(feed.into()),
            Exported::Appointment { appointment, occurrences, password } => {
                let clear = |password: &Option<SecretString>| {
                    password.as_ref().map(|password| password.expose_secret().to_owned())
                };
                Self::Appointment {
                    appointment: Box::new(
                        AppointmentView::new(tenant, appointment, now).with_password(clear(password)),
                    ),
                    occurrences: occurrences
                        .iter()
                        .map(|(entry, password)| {
                            OccurrenceView::new(tenant, entry, now).with_password(clear(password))
                        })
                        .collect(),
                }
            }
            Exported::Conference(conference) => {
                Self::Conference(Box::new(ConferenceView::new(&tenant.name, conference)))
            }
            Exported::Refusal(refusal) => Self::Refusal(refusal.into()),
        }
    }
}
