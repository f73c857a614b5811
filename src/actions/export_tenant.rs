//! Everything of a tenant is read, page by page, to be taken elsewhere.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::PgConnection;
use strum::VariantArray as _;
use uuid::Uuid;

use super::passwords::{UnlockError, unlock};
use crate::app::App;
use crate::reservation::{
    AppId, Appointment, AppointmentId, AppointmentState, Brand, DateField, Dialects, FeedId, Options,
    ServerId, Tenant, TenantName,
};
use crate::store::appointments::{self, Filter, Order, Page};
use crate::store::apps::{self, AppRecord};
use crate::store::conferences::{self, ConferenceRecord};
use crate::store::export::{self, WrittenRefusal};
use crate::store::feeds::{self, FeedRecord};
use crate::store::occurrences::{self, CalendarEntry};
use crate::store::servers::{self, ServerRecord};
use crate::store::{Cursor, StoreError, brands, dialects, tenants, token_settings};
use crate::token::TokenSettings;

/// How many things are read at once.
const PAGE: i64 = 200;

/// One thing of a tenant. Credentials and keys of apps are not among them.
#[derive(Debug)]
pub enum Exported {
    /// The tenant with its policy; always the first.
    Tenant(Box<Tenant>),
    /// What it has settled besides.
    Settings(Box<Settings>),
    /// An app, revoked ones too.
    App(AppRecord),
    /// A conference server that may ask for it.
    Server(ServerRecord),
    /// A feed, revoked ones too; without its secret.
    Feed(FeedRecord),
    /// An appointment, cancelled ones too.
    Appointment {
        /// The appointment.
        appointment: Box<Appointment>,
        /// Its dates.
        occurrences: Vec<(CalendarEntry, Option<SecretString>)>,
        /// Its password in clear, where it has one and passwords were asked for.
        password: Option<SecretString>,
    },
    /// A conference, closed ones too.
    Conference(Box<ConferenceRecord>),
    /// A refusal.
    Refusal(WrittenRefusal),
}

/// What a tenant has settled beside its policy.
#[derive(Debug)]
pub struct Settings {
    /// What people see of it.
    pub brand: Brand,
    /// What its room tokens are like.
    pub tokens: TokenSettings,
    /// Which languages of other systems its apps may speak.
    pub dialects: Dialects,
}

/// Why a tenant was not exported, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// A password can't be read.
    #[error(transparent)]
    Password(#[from] UnlockError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An export on its way.
#[derive(Debug)]
pub struct Export {
    tenant: Tenant,
    began: DateTime<Utc>,
    with_passwords: bool,
    next: Next,
}

/// Which page comes next, after which thing.
#[derive(Debug, Clone, Copy)]
enum Next {
    Tenant,
    Apps(Option<AppId>),
    Servers(Option<ServerId>),
    Feeds(Option<FeedId>),
    Appointments(Option<Cursor>),
    Conferences(Option<Cursor>),
    Refusals(Option<Uuid>),
    Nothing,
}

/// Begins an export. It ends with the last [`Export::page`]. What changes in between is in it as it is when its page is
/// read: a connection is held for a page only, however slowly the pages are taken.
///
/// # Errors
/// Where there is no such tenant.
pub async fn export_tenant(
    app: &App,
    name: &TenantName,
    with_passwords: bool,
) -> Result<Export, ExportError> {
    let began = app.clock.now();
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let tenant = tenants::by_name(&mut db, name).await?;
    let tenant = tenant.ok_or_else(|| ExportError::Unknown(name.clone()))?;
    Ok(Export { tenant, began, with_passwords, next: Next::Tenant })
}

impl Export {
    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> DateTime<Utc> {
        self.began
    }

    /// The next page, which may be empty; `None` after the last.
    ///
    /// # Errors
    /// Where the database fails, or a password can't be read. The same page may be asked for again.
    pub async fn page(&mut self, app: &App) -> Result<Option<Vec<Exported>>, ExportError> {
        let mut db = app.db.acquire().await.map_err(StoreError::from)?;
        let tenant = self.tenant.id;
        let (page, next) = match self.next {
            Next::Nothing => return Ok(None),
            Next::Tenant => {
                let settings = Settings {
                    brand: brands::get(&mut db, tenant).await?,
                    tokens: token_settings::get(&mut db, tenant).await?,
                    dialects: dialects::get(&mut db, tenant).await?,
                };
                let page = vec![
                    Exported::Tenant(Box::new(self.tenant.clone())),
                    Exported::Settings(Box::new(settings)),
                ];
                (page, Next::Apps(None))
            }
            Next::Apps(after) => {
                let apps = apps::page(&mut db, tenant, after, PAGE).await?;
                let next = apps.last().map_or(Next::Servers(None), |last| Next::Apps(Some(last.id)));
                (apps.into_iter().map(Exported::App).collect(), next)
            }
            Next::Servers(after) => {
                let servers = servers::page(&mut db, Some(tenant), after, PAGE).await?;
                let next = servers.last().map(|last| Next::Servers(Some(last.server.id)));
                let servers = servers.into_iter().map(Exported::Server).collect();
                (servers, next.unwrap_or(Next::Feeds(None)))
            }
            Next::Feeds(after) => {
                let feeds = feeds::page(&mut db, tenant, after, PAGE).await?;
                let next = feeds.last().map_or(Next::Appointments(None), |last| Next::Feeds(Some(last.id)));
                (feeds.into_iter().map(Exported::Feed).collect(), next)
            }
            Next::Appointments(after) => {
                let (appointments, last) = self.appointments(app, &mut db, after).await?;
                let next = last.map_or(Next::Conferences(None), |last| Next::Appointments(Some(last)));
                (appointments, next)
            }
            Next::Conferences(after) => {
                let all = conferences::Filter::default();
                let conferences = conferences::list(&mut db, tenant, &all, after, PAGE, self.began).await?;
                let next = conferences.last().map(|last| Next::Conferences(Some(last.cursor())));
                let conferences = conferences.into_iter().map(Box::new).map(Exported::Conference).collect();
                (conferences, next.unwrap_or(Next::Refusals(None)))
            }
            Next::Refusals(after) => {
                let refusals = export::refusals(&mut db, tenant, after, PAGE).await?;
                let next = refusals.last().map_or(Next::Nothing, |last| Next::Refusals(Some(last.id)));
                (refusals.into_iter().map(Exported::Refusal).collect(), next)
            }
        };
        self.next = next;
        Ok(Some(page))
    }

    /// The password, where it is to be told.
    fn password(
        &self,
        app: &App,
        appointment: AppointmentId,
        options: &Options,
    ) -> Result<Option<SecretString>, ExportError> {
        if !self.with_passwords {
            return Ok(None);
        }
        let password = unlock(&app.keys, self.tenant.id, Some(appointment), options);
        Ok(password.inspect_err(|_| _ = app.metrics.unseal_failures.inc())?)
    }

    /// A page of appointments, and the place of the last.
    async fn appointments(
        &self,
        app: &App,
        db: &mut PgConnection,
        after: Option<Cursor>,
    ) -> Result<(Vec<Exported>, Option<Cursor>), ExportError> {
        let tenant = self.tenant.id;
        let all = Filter { states: Some(AppointmentState::VARIANTS.to_vec()), ..Filter::default() };
        let page = Page { order: Order::CreatedAt, after, limit: PAGE };
        let appointments = appointments::list(db, tenant, &all, page, self.began).await?;
        let last = appointments.last().map(|last| Order::CreatedAt.place(last));
        let ids: Vec<_> = appointments.iter().map(|appointment| appointment.id).collect();
        let mut dates: HashMap<_, Vec<_>> = HashMap::new();
        for entry in occurrences::of_appointments(db, tenant, &ids).await? {
            let own = entry.date.own.contains(&DateField::Password);
            let password =
                if own { self.password(app, entry.appointment, &entry.date.options)? } else { None };
            dates.entry(entry.appointment).or_default().push((entry, password));
        }
        let mut page = Vec::with_capacity(appointments.len());
        for appointment in appointments {
            let password = self.password(app, appointment.id, &appointment.options)?;
            let occurrences = dates.remove(&appointment.id).unwrap_or_default();
            page.push(Exported::Appointment { appointment: Box::new(appointment), occurrences, password });
        }
        Ok((page, last))
    }
}
