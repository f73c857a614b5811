//! The first start: a tenant, a conference server, an app, and a room to try them on.

use chrono::TimeDelta;

use super::add_app::{AddAppError, AddedApp, add_app};
use super::add_server::{AddServerError, Equipped, Serves, add_server};
use super::add_tenant::{AddTenantError, add_tenant};
use super::book::{BookError, Booking, book};
use super::passwords::generate;
use crate::app::App;
use crate::credential::NoRandomness;
use crate::reservation::{Appointment, Policy, Scopes, Tenant, TenantName};
use crate::store::{StoreError, servers, tenants};

/// What the first start made. The credentials are not shown again.
#[derive(Debug)]
pub struct Welcome {
    /// The tenant.
    pub tenant: Tenant,
    /// The conference server.
    pub server: Equipped,
    /// The app, unless there is one of its name.
    pub app: Option<AddedApp>,
    /// The sample room, booked for the next hour, unless it is taken.
    pub sample: Option<Appointment>,
}

/// Why the first start did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum WelcomeError {
    /// The tenant could not be added.
    #[error(transparent)]
    Tenant(#[from] AddTenantError),
    /// The server could not be added.
    #[error(transparent)]
    Server(#[from] AddServerError),
    /// The app could not be added.
    #[error(transparent)]
    App(#[from] AddAppError),
    /// The sample room could not be booked.
    #[error(transparent)]
    Sample(#[from] BookError),
    /// No password can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes them where there is no conference server yet; `None` where there is. What an earlier
/// attempt, or the operator, has made already is used.
///
/// # Errors
/// Where the database fails.
pub async fn welcome(app: &App) -> Result<Option<Welcome>, WelcomeError> {
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    if !servers::list(&mut db).await?.is_empty() {
        return Ok(None);
    }
    let known = tenants::list(&mut db).await?.into_iter().next();
    drop(db);
    let tenant = if let Some(tenant) = known {
        tenant
    } else {
        let name = "main".parse().expect("a literal that is a tenant's name");
        add_tenant(app, name, Policy::default()).await?
    };
    let sample = match book(app, sample(app, tenant.name.clone())?).await {
        Ok(sample) => Some(sample),
        Err(BookError::Taken { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let serves = Serves { default: tenant.name.clone(), others: Vec::new(), all: true };
    let server = add_server(app, "jitsi".to_owned(), serves).await?;
    let added = match add_app(app, &tenant.name, "appointments".to_owned(), Scopes::usual()).await {
        Ok(added) => Some(added),
        Err(AddAppError::Exists(_)) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Welcome { tenant, server, app: added, sample }))
}

fn sample(app: &App, tenant: TenantName) -> Result<Booking, NoRandomness> {
    let now = app.clock.now();
    Ok(Booking {
        password: Some(generate()?),
        max_occupants: Some(10),
        ..Booking::of(
            tenant,
            "sample".parse().expect("a literal that is a room's name"),
            now,
            Some(now + TimeDelta::hours(1)),
        )
    })
}
