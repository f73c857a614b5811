//! A room at once, for a day, that is called by a number: what JioMeet calls a dynamic meeting.

use chrono::TimeDelta;
use secrecy::SecretString;
use sqlx::PgConnection;

use super::book::{BookError, Booking, book_in};
use super::join_links::join_links_of;
use super::passwords::generate;
use super::transaction::transact;
use crate::app::App;
use crate::credential::NoRandomness;
use crate::reservation::{
    AppId, Description, Participant, ParticipantId, PersonName, Role, RoomName, RoomPassword, TenantId,
    TenantName, Title,
};
use crate::store::{StoreError, appointments, apps, tenants};

/// How long it lasts.
const LENGTH: TimeDelta = TimeDelta::hours(24);

/// How often another number is tried where one is taken: of nine thousand million, hardly any is.
const ATTEMPTS: u32 = 5;

/// A room that is wanted.
#[derive(Debug, Clone)]
pub struct DynamicRoom {
    /// Who makes it: its host.
    pub host: Option<PersonName>,
    /// What it is about.
    pub title: Option<Title>,
    /// More about it.
    pub description: Option<Description>,
    /// Whether its host may record.
    pub recording: bool,
}

/// A room that was made.
#[derive(Debug)]
pub struct MadeRoom {
    /// Ten digits: what the room is called.
    pub number: String,
    /// What people have to type to come in.
    pub pin: RoomPassword,
    /// By which guests come in.
    pub guest_link: SecretString,
    /// By which its host comes in.
    pub host_link: SecretString,
}

/// Who makes it, and how many they may have.
#[derive(Debug, Clone)]
pub struct Maker {
    /// The tenant.
    pub tenant: TenantId,
    /// What it is called.
    pub name: TenantName,
    /// The app.
    pub app: AppId,
    /// The most that it may have at once; `None` for no limit.
    pub most: Option<u32>,
}

/// Why there is no room.
#[derive(Debug, thiserror::Error)]
pub enum DynamicRoomError {
    /// The app has as many as it may.
    #[error("this app has as many rooms as it may have at once: {0}")]
    TooMany(u32),
    /// The links can't be shown.
    #[error("the links of a room that was just made can't be made out")]
    NoLinks,
    /// The system has no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// It can't be booked.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a room that is open from now on for 24 hours, in a transaction of its own.
///
/// # Errors
/// Where the app has too many, or none can be booked.
pub async fn make_dynamic_room(
    app: &App,
    maker: &Maker,
    wanted: &DynamicRoom,
) -> Result<MadeRoom, DynamicRoomError> {
    let mut attempt = 1;
    loop {
        match transact(app, async |db| make(app, db, maker, wanted).await).await {
            Err(DynamicRoomError::Book(BookError::Taken { .. })) if attempt < ATTEMPTS => attempt += 1,
            made => return made,
        }
    }
}

async fn make(
    app: &App,
    db: &mut PgConnection,
    maker: &Maker,
    wanted: &DynamicRoom,
) -> Result<MadeRoom, DynamicRoomError> {
    let now = app.clock.now();
    if let Some(most) = maker.most {
        // Held, so that two at once don't both find place for one. The tenant first, as whoever changes an app has it.
        tenants::by_name_for_share(db, &maker.name).await?;
        apps::find_for_update(db, maker.tenant, maker.app.into()).await?;
        let rooms = appointments::count_dynamic(db, maker.tenant, maker.app, now - LENGTH, now).await?;
        if rooms >= most.into() {
            return Err(DynamicRoomError::TooMany(most));
        }
    }
    let number = number()?;
    let pin = generate()?;
    let room: RoomName = number.parse().expect("digits are a room's name");
    let host = Participant {
        id: ParticipantId::new(),
        role: Role::Host,
        name: wanted.host.clone(),
        email: None,
        external_id: None,
    };
    let booking = Booking {
        app: Some(maker.app),
        title: wanted.title.clone(),
        description: wanted.description.clone(),
        participants: vec![host],
        password: Some(pin.clone()),
        recording: wanted.recording,
        early_open: Some(TimeDelta::zero()),
        grace: Some(TimeDelta::zero()),
        ..Booking::of(maker.name.clone(), room, now, Some(now + LENGTH))
    };
    let booked = book_in(app, db, booking).await?;
    let links = join_links_of(app, db, &booked).await?;
    let link = |of_host: bool| {
        let link = links.iter().find(|link| link.participant.is_some() == of_host);
        link.and_then(|link| link.url.clone()).ok_or(DynamicRoomError::NoLinks)
    };
    Ok(MadeRoom { number, pin, guest_link: link(false)?, host_link: link(true)? })
}

/// Ten digits, the first of which is not 0.
fn number() -> Result<String, NoRandomness> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    Ok((1_000_000_000 + u64::from_be_bytes(random) % 9_000_000_000).to_string())
}
