//! `/v1/occurrences`, `/v1/appointments/{id}/occurrences`: the dates of appointments.

use std::str::FromStr;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::change::AppointmentChangeInput;
use super::list::States;
use super::{answer, password, seen};
use crate::actions::change_date::{cancel_date_in, cancel_following_in, change_date_in};
use crate::actions::change_series::change_following_in;
use crate::actions::transaction::transact;
use crate::api::body::{Incoming, Path, Paths, Query, ReadQuery};
use crate::api::caller::Calling;
use crate::api::conditional::IfMatch;
use crate::api::field::{Field, Reading, Unknown};
use crate::api::once::Answer;
use crate::api::page::{After, Limit, PageView, Paging};
use crate::api::problem::{Problem, ProblemView};
use crate::app::App;
use crate::reservation::{AppointmentId, HostKey, RoomKey, Scope};
use crate::store::appointments;
use crate::store::occurrences::{self, CalendarEntry, DatePlace, Filter};
use crate::view::{AppointmentView, OccurrenceView};

/// Which dates to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OccurrencesQuery {
    /// Only in this room, in any spelling.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    room: Field<RoomKey>,
    /// Only what ends after this.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Field<DateTime<Utc>>,
    /// Only what starts before this.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    until: Field<DateTime<Utc>>,
    /// Only with a host who has this e-mail address or external id.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1, max_length = 254,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    host: Field<HostKey>,
    /// Only in these states, with commas between: `upcoming`, `ongoing`, `past`, `cancelled`. All but cancelled ones, where
    /// nothing is said.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "upcoming,ongoing",
        pattern = "^(upcoming|ongoing|past|cancelled)(,(upcoming|ongoing|past|cancelled))*$")]
    state: Field<States>,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{43}$")]
    cursor: Field<After<DatePlace>>,
    /// How many at the most; 50, where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Field<Limit<1000>>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// What a query asks for.
#[derive(Debug)]
pub struct Dates {
    filter: Filter,
    paging: Paging<DatePlace>,
}

impl ReadQuery for Dates {
    type Raw = OccurrencesQuery;

    fn read(raw: OccurrencesQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let filter = Filter {
            appointment: None,
            room: reading.present("room", raw.room),
            from: reading.present("from", raw.from),
            until: reading.present("until", raw.until),
            host: reading.present("host", raw.host).map(|host| host.to_string()),
            states: reading.present("state", raw.state).map(|states| states.0),
        };
        reading.check_range(filter.from, filter.until);
        let paging = Paging::of(&mut reading, raw.cursor, raw.limit);
        Ok(reading.done(Some(Self { filter, paging }))?)
    }
}

/// When a date was first to start, in a path: RFC 3339.
#[derive(Debug, Clone, Copy)]
pub struct OriginalStart(DateTime<Utc>);

impl FromStr for OriginalStart {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(DateTime::parse_from_rfc3339(text)?.to_utc()))
    }
}

/// List dates
///
/// The calendar of a room, of a host or of the whole tenant: dates of all appointments, those that recur and those that do
/// not, by their start. Passwords are not in lists.
#[utoipa::path(
    get, path = "/v1/occurrences", tag = "occurrences", operation_id = "listOccurrences",
    security(("app" = ["appointments:read"])),
    params(OccurrencesQuery),
    responses((status = 200, description = "A page of dates", body = PageView<OccurrenceView>)),
)]
pub async fn list_occurrences(
    app: web::Data<App>,
    caller: Calling,
    query: Query<Dates>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    page(&app, &caller, query.0).await
}

/// List the dates of an appointment
///
/// Those that are placed: up to the tenant's horizon. Passwords are not in lists.
#[utoipa::path(
    get, path = "/v1/appointments/{id}/occurrences", tag = "occurrences", operation_id = "listOccurrencesOfAppointment",
    security(("app" = ["appointments:read"])),
    params(("id" = uuid::Uuid, Path), OccurrencesQuery),
    responses(
        (status = 200, description = "A page of dates", body = PageView<OccurrenceView>),
        (status = 404, description = "There is no appointment of that id", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn list_occurrences_of(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
    query: Query<Dates>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let known = appointments::by_id(&mut *app.db.acquire().await?, caller.tenant.id, id.0).await?;
    known.ok_or_else(|| Problem::not_found("appointment"))?;
    let Dates { filter, paging } = query.0;
    page(&app, &caller, Dates { filter: Filter { appointment: Some(id.0), ..filter }, paging }).await
}

async fn page(app: &App, caller: &Calling, dates: Dates) -> Result<HttpResponse, Problem> {
    let Dates { filter, paging } = dates;
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let found =
        occurrences::list(&mut db, caller.tenant.id, &filter, paging.after, paging.fetch(), now).await?;
    let view = |entry: &CalendarEntry| OccurrenceView::new(&caller.tenant, entry, now);
    Ok(HttpResponse::Ok().json(paging.page(found, CalendarEntry::place, view)))
}

/// Show a date
#[utoipa::path(
    get, path = "/v1/appointments/{id}/occurrences/{original_start}", tag = "occurrences",
    operation_id = "getOccurrence",
    security(("app" = ["appointments:read"])),
    params(("id" = uuid::Uuid, Path), ("original_start" = DateTime<Utc>, Path)),
    responses(
        (status = 200, description = "The date", body = OccurrenceView, headers(("ETag" = String))),
        (status = 404, description = "There is none", body = ProblemView, content_type = "application/problem+json"),
    ),
)]
pub async fn show_occurrence(
    app: web::Data<App>,
    caller: Calling,
    date: Paths<AppointmentId, OriginalStart>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let Paths(id, OriginalStart(original_start)) = date;
    let mut db = app.db.acquire().await?;
    let missing = || Problem::not_found("date of this appointment");
    let appointment = appointments::by_id(&mut db, caller.tenant.id, id).await?.ok_or_else(missing)?;
    let found = occurrences::of_original_start(&mut db, caller.tenant.id, id, original_start).await?;
    let entry = CalendarEntry::of(&appointment, found.ok_or_else(missing)?);
    whole(&app, &caller, &entry).map(Answer::respond)
}

/// Move or change a date
///
/// A JSON merge patch (RFC 7396). What is changed the date has for itself from then on, also when the appointment is
/// changed later. Times, room, title, description, password, lobby, limits and `answer_token` can be changed; the rest
/// belongs to the appointment.
///
/// A room that is open already keeps what it was opened with.
#[utoipa::path(
    patch, path = "/v1/appointments/{id}/occurrences/{original_start}", tag = "occurrences",
    operation_id = "updateOccurrence",
    security(("app" = ["appointments:write"])),
    params(
        ("id" = uuid::Uuid, Path), ("original_start" = DateTime<Utc>, Path),
        ("If-Match" = String, Header, description = "The `ETag` of the version that you change, or `*`",
            pattern = r#"^(\*|"[1-9][0-9]{0,17}")$"#),
    ),
    request_body = AppointmentChangeInput,
    responses(
        (status = 200, description = "The date as it is now", body = OccurrenceView, headers(("ETag" = String))),
        (status = 404, description = "There is none", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "The room is taken, or the date is cancelled or over", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 412, description = "The appointment was changed meanwhile", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change_occurrence(
    app: web::Data<App>,
    caller: Calling,
    date: Paths<AppointmentId, OriginalStart>,
    if_match: IfMatch,
    body: Incoming<AppointmentChangeInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let Paths(id, OriginalStart(original_start)) = date;
    let change = body.read().await?.value.into_change()?;
    let expected = if_match.required()?;
    let tenant = &caller.tenant.name;
    let answer = transact(&app, async |db| {
        let (appointment, date) =
            change_date_in(&app, db, tenant, id, original_start, expected, change.clone()).await?;
        whole(&app, &caller, &CalendarEntry::of(&appointment, date))
    });
    answer.await.map(Answer::respond)
}

/// Cancel a date
///
/// It becomes an exception of the series, and stays to be seen. May be repeated.
#[utoipa::path(
    delete, path = "/v1/appointments/{id}/occurrences/{original_start}", tag = "occurrences",
    operation_id = "cancelOccurrence",
    security(("app" = ["appointments:write"])),
    params(
        ("id" = uuid::Uuid, Path), ("original_start" = DateTime<Utc>, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you cancel, or `*`",
            pattern = r#"^(\*|"[1-9][0-9]{0,17}")$"#),
    ),
    responses(
        (status = 200, description = "The cancelled date", body = OccurrenceView, headers(("ETag" = String))),
        (status = 404, description = "There is none", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "The date is over", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 412, description = "The appointment was changed meanwhile", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn cancel_occurrence(
    app: web::Data<App>,
    caller: Calling,
    date: Paths<AppointmentId, OriginalStart>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let Paths(id, OriginalStart(original_start)) = date;
    let expected = if_match.optional()?;
    let tenant = &caller.tenant.name;
    let answer = transact(&app, async |db| {
        let (appointment, date) = cancel_date_in(&app, db, tenant, id, original_start, expected).await?;
        let entry = CalendarEntry::of(&appointment, date);
        // Without its password: one that can't be read must not keep it from being cancelled.
        let view = OccurrenceView::new(&caller.tenant, &entry, app.clock.now());
        Ok::<_, Problem>(Answer::ok(view).at_revision(appointment.revision))
    });
    answer.await.map(Answer::respond)
}

/// Move or change a date and all that follow
///
/// A JSON merge patch (RFC 7396) of the appointment from this date on. The dates before it stay as they are. A new start
/// says where this date moves; those that follow move as far on the wall clock. Where times change, the appointment begins
/// anew at this date: its `starts` and its rule then say what follows from there.
#[utoipa::path(
    patch, path = "/v1/appointments/{id}/occurrences/{original_start}/following", tag = "occurrences",
    operation_id = "updateFollowing",
    security(("app" = ["appointments:write"])),
    params(
        ("id" = uuid::Uuid, Path), ("original_start" = DateTime<Utc>, Path),
        ("If-Match" = String, Header, description = "The `ETag` of the version that you change, or `*`",
            pattern = r#"^(\*|"[1-9][0-9]{0,17}")$"#),
    ),
    request_body = AppointmentChangeInput,
    responses(
        (status = 200, description = "The appointment as it is now", body = AppointmentView,
            headers(("ETag" = String))),
        (status = 404, description = "There is none", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "The room is taken, or the date has started", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 412, description = "The appointment was changed meanwhile", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change_following(
    app: web::Data<App>,
    caller: Calling,
    date: Paths<AppointmentId, OriginalStart>,
    if_match: IfMatch,
    body: Incoming<AppointmentChangeInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let Paths(id, OriginalStart(original_start)) = date;
    let change = body.read().await?.value.into_change()?;
    let expected = if_match.required()?;
    let tenant = &caller.tenant.name;
    let answer = transact(&app, async |db| {
        let changed =
            change_following_in(&app, db, tenant, id, original_start, expected, change.clone()).await?;
        answer(&app, db, &caller, &changed).await
    });
    answer.await.map(Answer::respond)
}

/// Cancel a date and all that follow
///
/// The appointment ends before this date.
#[utoipa::path(
    delete, path = "/v1/appointments/{id}/occurrences/{original_start}/following", tag = "occurrences",
    operation_id = "cancelFollowing",
    security(("app" = ["appointments:write"])),
    params(
        ("id" = uuid::Uuid, Path), ("original_start" = DateTime<Utc>, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you cancel, or `*`",
            pattern = r#"^(\*|"[1-9][0-9]{0,17}")$"#),
    ),
    responses(
        (status = 200, description = "The appointment as it is now", body = AppointmentView,
            headers(("ETag" = String))),
        (status = 404, description = "There is none", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "The date has started", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 412, description = "The appointment was changed meanwhile", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn cancel_following(
    app: web::Data<App>,
    caller: Calling,
    date: Paths<AppointmentId, OriginalStart>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let Paths(id, OriginalStart(original_start)) = date;
    let expected = if_match.optional()?;
    let tenant = &caller.tenant.name;
    let answer = transact(&app, async |db| {
        let changed = cancel_following_in(&app, db, tenant, id, original_start, expected).await?;
        let view = seen(&app, db, &caller, &changed).await?;
        Ok::<_, Problem>(Answer::ok(view).at_revision(changed.revision))
    });
    answer.await.map(Answer::respond)
}

/// The date with all that the caller may see.
fn whole(app: &App, caller: &Calling, entry: &CalendarEntry) -> Result<Answer, Problem> {
    let password = password(app, caller, entry.appointment, &entry.date.options)?;
    let view = OccurrenceView::new(&caller.tenant, entry, app.clock.now()).with_password(password);
    Ok(Answer::ok(view).at_revision(entry.revision))
}
