//! Join links are made and revoked, and shown again.
//!
//! A code is derived from the link's id and a secret of its tenant, which is sealed. So nothing lies in the database that
//! opens a room, and a link can still be sent once more. Where the secret is lost with its master key, links go on leading in,
//! and are shown no more.

mod secret;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::PgConnection;

use self::secret::JoinSecret;
pub use self::secret::JoinSecretError;
use super::transaction::transact;
use crate::app::App;
use crate::credential::JoinCode;
use crate::reservation::{
    Appointment, AppointmentId, JoinLinkId, NotOne, Participant, ParticipantId, TenantId, TenantName,
};
use crate::store::join_links::{self, JoinLinkRecord};
use crate::store::{StoreError, appointments, tenants};

/// A join link, and whom it is for.
#[derive(Debug, Clone)]
pub struct JoinLink {
    /// The link.
    pub record: JoinLinkRecord,
    /// Whom it is for; `None` for guests, and for somebody who is not expected any more.
    pub participant: Option<Participant>,
    /// The link itself, where it is good and a master key of ours has made its code.
    pub url: Option<SecretString>,
}

/// Why a link was not made, found or revoked.
#[derive(Debug, thiserror::Error)]
pub enum JoinLinkError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// There is no such appointment.
    #[error("the tenant has no appointment `{0}`")]
    UnknownAppointment(AppointmentId),
    /// It was cancelled.
    #[error("the appointment is cancelled")]
    AppointmentCancelled,
    /// Nobody in particular is meant.
    #[error(transparent)]
    Participant(#[from] NotOne),
    /// The tenant has no such link.
    #[error("the tenant has no join link `{0}`")]
    Unknown(JoinLinkId),
    /// Its code can't be made.
    #[error(transparent)]
    Secret(#[from] JoinSecretError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for JoinLinkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl JoinLink {
    fn new(
        app: &App,
        secret: Option<&JoinSecret>,
        record: JoinLinkRecord,
        participants: &[Participant],
    ) -> Self {
        let participant = participants.iter().find(|one| Some(one.id) == record.participant).cloned();
        let code = secret.map(|secret| secret.code(record.id));
        let is_its = |code: &JoinCode| code.hash().as_bytes() == record.hash && record.revoked_at.is_none();
        let url = code.filter(is_its).map(|code| url(app, &code).into());
        Self { record, participant, url }
    }
}

/// Where somebody comes in with this code: on this service, where nobody said under which address that is reached.
#[must_use]
pub fn url(app: &App, code: &JoinCode) -> String {
    format!("{}/join/{}", app.base(), code.expose())
}

/// Gives a link to everybody who is expected at a new appointment, and to its guests.
///
/// # Errors
/// Where the database fails.
pub(super) async fn provide_in(
    app: &App,
    db: &mut PgConnection,
    appointment: &Appointment,
) -> Result<(), JoinSecretError> {
    provide(app, db, appointment, &[]).await
}

/// Gives a link to who is expected now at an appointment and never had one, and revokes those of who is expected no more.
///
/// # Errors
/// Where the database fails.
pub(super) async fn follow_participants_in(
    app: &App,
    db: &mut PgConnection,
    appointment: &Appointment,
) -> Result<(), JoinSecretError> {
    let (tenant, id) = (appointment.tenant, appointment.id);
    let expected: Vec<ParticipantId> = appointment.participants.iter().map(|one| one.id).collect();
    join_links::revoke_others(db, tenant, id, &expected, app.clock.now()).await?;
    let before = join_links::of_appointments(db, tenant, &[id]).await?;
    provide(app, db, appointment, &before).await
}

async fn provide(
    app: &App,
    db: &mut PgConnection,
    appointment: &Appointment,
    before: &[JoinLinkRecord],
) -> Result<(), JoinSecretError> {
    let now = app.clock.now();
    let everybody = appointment.participants.iter().map(|one| Some(one.id)).chain([None]);
    let without = everybody.filter(|who| before.iter().all(|link| link.participant != *who));
    let secret = JoinSecret::of_tenant(app, db, appointment.tenant).await?;
    let links: Vec<_> = without.map(|who| made(&secret, appointment, who, now)).collect();
    Ok(join_links::insert(db, &links).await?)
}

fn made(
    secret: &JoinSecret,
    appointment: &Appointment,
    participant: Option<ParticipantId>,
    now: DateTime<Utc>,
) -> JoinLinkRecord {
    let id = JoinLinkId::new();
    JoinLinkRecord {
        hash: secret.code(id).hash().as_bytes().to_vec(),
        id,
        tenant: appointment.tenant,
        appointment: appointment.id,
        participant,
        created_at: now,
        revoked_at: None,
    }
}

/// Makes a new link for a participant, by their id, external id or e-mail address, or for guests. The one that they had
/// leads nowhere from then on.
///
/// # Errors
/// Where there is no such appointment or participant.
pub async fn make_join_link(
    app: &App,
    tenant: &TenantName,
    appointment: AppointmentId,
    participant: Option<&str>,
) -> Result<JoinLink, JoinLinkError> {
    transact(app, async |db| make_join_link_in(app, db, tenant, appointment, participant).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such appointment or participant.
pub async fn make_join_link_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    appointment: AppointmentId,
    participant: Option<&str>,
) -> Result<JoinLink, JoinLinkError> {
    let now = app.clock.now();
    let found = tenants::by_name_for_share(db, tenant).await?;
    let found = found.ok_or_else(|| JoinLinkError::UnknownTenant(tenant.clone()))?;
    // Held, so that nobody else makes one meanwhile.
    let held = appointments::by_id_for_update(db, found.id, appointment).await?;
    let held = held.ok_or(JoinLinkError::UnknownAppointment(appointment))?;
    if held.cancelled_at.is_some() {
        return Err(JoinLinkError::AppointmentCancelled);
    }
    let who = match participant {
        None => None,
        Some(who) => Some(Participant::find(&held.participants, who)?.id),
    };
    let before = join_links::of_appointments(db, found.id, &[appointment]).await?;
    for old in before.iter().filter(|old| old.participant == who && old.revoked_at.is_none()) {
        join_links::revoke(db, found.id, old.id, now).await?;
    }
    let secret = JoinSecret::of_tenant(app, db, found.id).await?;
    let record = made(&secret, &held, who, now);
    join_links::insert(db, std::slice::from_ref(&record)).await?;
    Ok(JoinLink::new(app, Some(&secret), record, &held.participants))
}

/// All links of an appointment in the order in which they were made, revoked ones too.
///
/// # Errors
/// Where there is no such appointment.
pub async fn list_join_links(
    app: &App,
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
) -> Result<Vec<JoinLink>, JoinLinkError> {
    let found = appointments::by_id(db, tenant, appointment).await?;
    let found = found.ok_or(JoinLinkError::UnknownAppointment(appointment))?;
    Ok(join_links_of(app, db, &found).await?)
}

/// The same of an appointment that was read.
///
/// # Errors
/// Where the database fails.
pub async fn join_links_of(
    app: &App,
    db: &mut PgConnection,
    appointment: &Appointment,
) -> Result<Vec<JoinLink>, StoreError> {
    let links = join_links_of_many(app, db, appointment.tenant, std::slice::from_ref(appointment)).await?;
    Ok(links.into_values().flatten().collect())
}

/// The same of many appointments of a tenant.
///
/// # Errors
/// Where the database fails.
pub async fn join_links_of_many(
    app: &App,
    db: &mut PgConnection,
    tenant: TenantId,
    appointments: &[Appointment],
) -> Result<HashMap<AppointmentId, Vec<JoinLink>>, StoreError> {
    let ids: Vec<AppointmentId> = appointments.iter().map(|appointment| appointment.id).collect();
    let secret = JoinSecret::find(app, db, tenant).await?;
    let participants: HashMap<_, _> =
        appointments.iter().map(|appointment| (appointment.id, &appointment.participants)).collect();
    let mut links: HashMap<_, Vec<_>> = HashMap::new();
    for link in join_links::of_appointments(db, tenant, &ids).await? {
        let of = participants.get(&link.appointment).map_or(&[][..], |participants| participants.as_slice());
        links.entry(link.appointment).or_default().push(JoinLink::new(app, secret.as_ref(), link, of));
    }
    Ok(links)
}

/// A link, and the appointment that it leads to.
///
/// # Errors
/// Where the tenant has no such link.
pub async fn find_join_link(
    app: &App,
    db: &mut PgConnection,
    tenant: TenantId,
    id: JoinLinkId,
) -> Result<(JoinLink, Appointment), JoinLinkError> {
    let link = join_links::by_id(db, tenant, id).await?.ok_or(JoinLinkError::Unknown(id))?;
    let appointment = appointments::by_id(db, tenant, link.appointment).await?;
    let appointment = appointment.ok_or(JoinLinkError::Unknown(id))?;
    let secret = JoinSecret::find(app, db, tenant).await?;
    Ok((JoinLink::new(app, secret.as_ref(), link, &appointment.participants), appointment))
}

/// Revokes the links of an appointment's guests, as a part of a transaction. They get no new one by themselves.
///
/// # Errors
/// Where the database fails.
pub(super) async fn revoke_guest_links_in(
    app: &App,
    db: &mut PgConnection,
    appointment: &Appointment,
) -> Result<(), StoreError> {
    let (tenant, now) = (appointment.tenant, app.clock.now());
    for link in join_links::of_appointments(db, tenant, &[appointment.id]).await? {
        if link.participant.is_none() {
            join_links::revoke(db, tenant, link.id, now).await?;
        }
    }
    Ok(())
}

/// Revokes a link at once and for good, in a transaction of its own. One that was revoked before stays as it is. Tokens that
/// somebody got by it are good until they expire.
///
/// # Errors
/// Where tenant or link are not there.
pub async fn revoke_join_link(
    app: &App,
    tenant: &TenantName,
    id: JoinLinkId,
) -> Result<JoinLink, JoinLinkError> {
    let now = app.clock.now();
    transact(app, async |db| {
        let found = tenants::by_name(db, tenant).await?;
        let found = found.ok_or_else(|| JoinLinkError::UnknownTenant(tenant.clone()))?;
        join_links::revoke(db, found.id, id, now).await?.ok_or(JoinLinkError::Unknown(id))?;
        Ok(find_join_link(app, db, found.id, id).await?.0)
    })
    .await
}
