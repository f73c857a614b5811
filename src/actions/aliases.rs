//! Aliases of Datagram's: rooms with a period of validity, which are asked for with tokens that are signed with a secret of
//! their own.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;
use uuid::Uuid;

use super::book::{BookError, Booking, book_in};
use super::mint::{Holder, MintError, Minted, Opens, TokenRequest, mint};
use super::passwords::{KeysError, UnlockError, share_keys, unlock};
use super::transaction::transact;
use crate::app::App;
use crate::credential::NoRandomness;
use crate::reservation::{
    AliasId, AliasKind, AppId, Appointment, AppointmentId, Dialect, Role, RoomName, RoomPassword, Tenant,
    TenantId, Title,
};
use crate::seal::{Context, OpenError};
use crate::signing::{TokenError, verify_alias_token};
use crate::store::aliases::{self, AliasRecord};
use crate::store::sealed::SealedColumn;
use crate::store::{StoreError, appointments, dialects, tenants};
use crate::token::{LONGEST, Person, UserId};

/// How often another id is tried where one is taken: of 36 to the tenth, hardly any is.
const ATTEMPTS: u32 = 5;

/// An alias that is wanted.
#[derive(Debug, Clone)]
pub struct NewAlias {
    /// What it is for.
    pub kind: AliasKind,
    /// What it is called.
    pub name: Option<Title>,
    /// What people have to type to come in.
    pub passcode: Option<RoomPassword>,
    /// What the tokens are to be signed with that ask for it.
    pub secret: SecretString,
    /// When it ends.
    pub ends: DateTime<Utc>,
}

/// Why there is no alias.
#[derive(Debug, thiserror::Error)]
pub enum CreateAliasError {
    /// There is one of that id.
    #[error("there is an alias `{0}` already")]
    Exists(AliasId),
    /// The system has no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// Its secret can't be sealed so that everybody who works on the database can open it.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// It can't be booked.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who may have an alias.
#[derive(Debug)]
pub struct AliasVisitor {
    /// The tenant.
    pub tenant: Tenant,
    /// The alias.
    pub alias: AliasRecord,
    /// What the app calls them.
    pub user_id: Option<UserId>,
    /// Whether they lead.
    pub host: bool,
}

/// An alias, as somebody found it who may.
#[derive(Debug)]
pub struct FoundAlias {
    /// What it is for.
    pub kind: AliasKind,
    /// The appointment that it leads to.
    pub appointment: Appointment,
    /// What people have to type to come in.
    pub passcode: Option<SecretString>,
    /// The token for whoever asked; `None` where it is over or cancelled.
    pub token: Option<Minted>,
}

/// Why somebody finds none.
#[derive(Debug, thiserror::Error)]
pub enum FindAliasError {
    /// There is no such alias, or whose it is speaks Datagram's language no more.
    #[error("there is no alias `{0}`")]
    Unknown(AliasId),
    /// They sent no token, or none that is good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Its secret can't be read.
    #[error("an alias's secret can't be unsealed")]
    Sealed(#[from] OpenError),
    /// Its passcode can't be read.
    #[error(transparent)]
    Passcode(#[from] UnlockError),
    /// There is no token for them.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn context(tenant: TenantId, appointment: AppointmentId) -> Context {
    SealedColumn::AliasSecret.context(tenant.into(), Uuid::from(appointment))
}

/// Makes an alias that is good from now on, and books its room, in a transaction of its own.
///
/// # Errors
/// Where it would be over by now, or none can be made.
pub async fn create_alias(
    app: &App,
    tenant: &Tenant,
    booker: AppId,
    wanted: &NewAlias,
) -> Result<AliasId, CreateAliasError> {
    let mut attempt = 1;
    loop {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(NoRandomness::from)?;
        let id = AliasId::of(u64::from_be_bytes(random));
        match transact(app, async |db| create(app, db, tenant, booker, wanted, &id).await).await {
            Ok(()) => return Ok(id),
            Err(CreateAliasError::Exists(_) | CreateAliasError::Book(BookError::Taken { .. }))
                if attempt < ATTEMPTS =>
            {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn create(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    booker: AppId,
    wanted: &NewAlias,
    id: &AliasId,
) -> Result<(), CreateAliasError> {
    let room: RoomName = id.as_str().parse().expect("an alias is a room's name");
    let booking = Booking {
        app: Some(booker),
        title: wanted.name.clone(),
        password: wanted.passcode.clone(),
        early_open: Some(TimeDelta::zero()),
        grace: Some(TimeDelta::zero()),
        ..Booking::of(tenant.name.clone(), room, app.clock.now(), Some(wanted.ends))
    };
    let booked = book_in(app, db, booking).await?;
    share_keys(db, &app.keys).await?;
    let secret = wanted.secret.expose_secret().as_bytes();
    let alias = AliasRecord {
        id: id.clone(),
        tenant: tenant.id,
        appointment: booked.id,
        kind: wanted.kind,
        secret: app.keys.seal(&context(tenant.id, booked.id), secret),
    };
    if aliases::insert(db, &alias).await? { Ok(()) } else { Err(CreateAliasError::Exists(id.clone())) }
}

/// Finds an alias for whoever brings a token that its secret has signed.
///
/// # Errors
/// Where there is no such alias, or their token is not good.
pub async fn find_alias(
    app: &App,
    id: &AliasId,
    token: Option<&str>,
) -> Result<AliasVisitor, FindAliasError> {
    let now = app.clock.now();
    let unknown = || FindAliasError::Unknown(id.clone());
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let alias = aliases::by_id(&mut db, id).await?.ok_or_else(unknown)?;
    let tenant = tenants::by_id(&mut db, alias.tenant).await?.ok_or_else(unknown)?;
    let spoken = dialects::get(&mut db, tenant.id).await?.speak(Dialect::Datagram);
    drop(db);
    if tenant.disabled_at.is_some() || !spoken {
        return Err(unknown());
    }
    let secret = app.keys.open(&context(tenant.id, alias.appointment), &alias.secret);
    let secret = secret.inspect_err(|_| _ = app.metrics.unseal_failures.inc())?;
    let user = verify_alias_token(token.ok_or(TokenError::Malformed)?, id, &secret, now)?;
    let user_id = user.id.map(|id| id.parse()).transpose().map_err(|_| TokenError::BadClaim("user_id"))?;
    Ok(AliasVisitor { tenant, alias, user_id, host: user.host })
}

/// Opens an alias: with a room token for whoever found it, where it is neither over nor cancelled.
///
/// # Errors
/// Where there is no token for them, or the passcode can't be read.
pub async fn open_alias(app: &App, visitor: AliasVisitor) -> Result<FoundAlias, FindAliasError> {
    let AliasVisitor { tenant, alias, user_id, host } = visitor;
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let appointment = appointments::by_id(&mut db, tenant.id, alias.appointment).await?;
    let appointment = appointment.ok_or(FindAliasError::Unknown(alias.id))?;
    drop(db);
    let passcode = unlock(&app.keys, tenant.id, Some(appointment.id), &appointment.options)
        .inspect_err(|_| _ = app.metrics.unseal_failures.inc())?;
    let opens = Opens::Appointment { id: alias.appointment, original_start: None };
    let person = Person { id: user_id, ..Person::default() };
    let request = TokenRequest {
        role: Some(match (host, alias.kind) {
            (true, _) => Role::Host,
            (false, AliasKind::Conference) => Role::Participant,
            // Of what is live, only hosts are seen.
            (false, AliasKind::Live) => Role::Observer,
        }),
        moderator: Some(host),
        lifetime: Some(LONGEST),
        ..TokenRequest::new(opens, Holder::Guest(Some(person)))
    };
    let token = match mint(app, &tenant, &request).await {
        Ok(minted) => Some(minted),
        Err(MintError::Over | MintError::AppointmentCancelled) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(FoundAlias { kind: alias.kind, appointment, passcode, token })
}
