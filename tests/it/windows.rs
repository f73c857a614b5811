//! When a room opens, until when, and what people are told when it doesn't.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use frontdesk::actions::book::Booking;
use frontdesk::reservation::wording::Language;
use uuid::Uuid;

use crate::world::{Reply, World};

/// The room that everything here is about.
const ROOM: &str = "room";

async fn desk() -> (World, String) {
    let world = World::new().await;
    let server = world.server("one").await;
    (world, server)
}

/// An answer in short: `until 11:10:00`, or the sentence for people with its code.
fn told(reply: &Reply) -> String {
    match reply.status {
        200 => {
            let opened: DateTime<Utc> = reply.body["start_time"].as_str().unwrap().parse().unwrap();
            let ends = opened + TimeDelta::seconds(reply.body["duration"].as_i64().unwrap());
            format!("until {}", ends.format("%H:%M:%S"))
        }
        409 => "open already".to_owned(),
        _ => format!("{}: {}", reply.reason(), reply.message()),
    }
}

/// Asks at a time of day, without leaving again.
async fn enter(world: &World, server: &str, time: &str) -> Reply {
    let moment = if time.contains('T') { time.to_owned() } else { format!("2026-12-01T{time}Z") };
    world.stand_at(&moment);
    world.ask(server, ROOM).await
}

/// Asks at each time of day and checks what is told; a room that opens is left again at once.
async fn tell(world: &World, server: &str, cases: &[(&str, &str)]) {
    for (time, expected) in cases {
        let reply = enter(world, server, time).await;
        assert_eq!(told(&reply), *expected, "at {time}");
        if reply.status == 200 {
            assert_eq!(world.delete(server, reply.id()).await.status, 204);
        }
    }
}

#[tokio::test]
async fn a_room_opens_ninety_seconds_before_what_people_are_told_and_closes_after_its_grace() {
    let (world, server) = desk().await;
    world.book(ROOM, 60, 120).await;
    tell(
        &world,
        &server,
        &[
            ("09:00:00", "too_early: This room opens at 09:50 UTC."),
            ("09:48:29.999", "too_early: This room opens at 09:50 UTC."),
            ("09:48:30", "until 11:10:00"),
            ("10:59:59", "until 11:10:00"),
            ("11:09:00", "until 11:10:00"),
            ("11:10:00", "over: This meeting is over."),
            ("23:59:59", "over: This meeting is over."),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_duration_is_in_whole_seconds_and_less_than_one_is_over() {
    let (world, server) = desk().await;
    world.book(ROOM, 0, 60).await;
    let reply = enter(&world, &server, "09:00:00.001").await;
    assert_eq!(
        (reply.body["start_time"].as_str(), reply.body["duration"].as_i64()),
        (Some("2026-12-01T09:00:00.001Z"), Some(4199))
    );
    world.delete(&server, reply.id()).await;
    tell(
        &world,
        &server,
        &[
            ("10:09:58.999", "until 10:09:59"),
            ("10:09:59", "until 10:10:00"),
            ("10:09:59.001", "over: This meeting is over."),
            ("10:09:59.999", "over: This meeting is over."),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_appointment_may_have_its_own_early_opening_and_grace() {
    let (world, server) = desk().await;
    world
        .book_with(ROOM, 60, 120, |booking| {
            booking.early_open = Some(TimeDelta::zero());
            booking.grace = Some(TimeDelta::zero());
        })
        .await;
    tell(
        &world,
        &server,
        &[
            ("09:58:29", "too_early: This room opens at 10:00 UTC."),
            ("09:58:30", "until 11:00:00"),
            ("11:00:00", "over: This meeting is over."),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_an_appointment_leaves_open_follows_the_tenant_when_it_changes() {
    let (world, server) = desk().await;
    world.book(ROOM, 60, 180).await;
    tell(&world, &server, &[("09:30:00", "too_early: This room opens at 09:50 UTC.")]).await;
    world
        .policy(|policy| {
            policy.early_open = TimeDelta::minutes(20);
            policy.grace = TimeDelta::minutes(30);
            policy.max_occupants = Some(7);
            policy.language = Language::De;
            policy.time_zone = Tz::Europe__Berlin;
        })
        .await;
    tell(&world, &server, &[("09:30:00", "too_early: Dieser Raum öffnet um 10:40 CET.")]).await;
    let opened = enter(&world, &server, "09:38:30").await;
    assert_eq!((told(&opened).as_str(), opened.body["max_occupants"].as_u64()), ("until 12:30:00", Some(7)));

    world.policy(|policy| policy.max_occupants = Some(8)).await;
    let read = world.get(&server, opened.id()).await;
    assert_eq!(read.body, opened.body, "what was granted stays as it was granted");
    world.delete(&server, opened.id()).await;
    world.policy(|policy| policy.max_duration = Some(TimeDelta::hours(1))).await;
    tell(&world, &server, &[("10:00:00", "until 10:38:30")]).await;
}

#[tokio::test]
async fn neighbours_clip_each_other() {
    let (world, server) = desk().await;
    let early = |minutes| move |booking: &mut Booking| booking.early_open = Some(TimeDelta::minutes(minutes));
    world.book(ROOM, 0, 60).await;
    world.book_with(ROOM, 65, 120, early(30)).await;
    world.book(ROOM, 120, 180).await;
    world.book_with(ROOM, 240, 300, early(120)).await;
    tell(
        &world,
        &server,
        &[
            ("09:30:00", "until 10:05:00"),
            ("09:59:59", "until 10:05:00"),
            // From the end of the one, the next may come in; neither early opening nor slack go further.
            ("10:00:00", "until 11:00:00"),
            ("10:59:59", "until 11:00:00"),
            ("11:00:00", "until 12:10:00"),
            ("11:59:59", "until 12:10:00"),
            ("12:00:00", "until 14:10:00"),
        ],
    )
    .await;
}

#[tokio::test]
async fn nobody_is_promised_a_room_before_the_previous_one_ends() {
    let (world, server) = desk().await;
    world.book_with(ROOM, 0, 60, |booking| booking.max_duration = Some(TimeDelta::minutes(30))).await;
    world.book_with(ROOM, 65, 120, |booking| booking.early_open = Some(TimeDelta::minutes(30))).await;
    // A refusal of the last moment sticks for 90 s, so that is how much later the promise is,
    // rounded up to the minute.
    let over = "over: This meeting is over. The room opens again at 10:02 UTC.";
    tell(&world, &server, &[("09:00:00", "until 09:30:00"), ("09:30:00", over)]).await;
    tell(&world, &server, &[("09:59:59.999", over), ("10:00:00", "until 11:10:00")]).await;
}

#[tokio::test]
async fn in_a_shared_gap_the_next_one_wins_unless_the_previous_one_is_live() {
    let (world, server) = desk().await;
    world.book(ROOM, 0, 60).await;
    world.book(ROOM, 68, 120).await;
    let first = enter(&world, &server, "09:30:00").await;
    assert_eq!(told(&first), "until 10:08:00");
    let still = enter(&world, &server, "10:07:59").await;
    assert_eq!((still.status, still.body["conflict_id"].as_str()), (409, Some(first.id())));
    world.delete(&server, first.id()).await;
    tell(
        &world,
        &server,
        &[("10:07:59", "until 11:10:00"), ("10:00:00", "until 11:10:00"), ("09:59:59", "until 10:08:00")],
    )
    .await;
    // The next one's slack begins before the previous one has ended, where their times overlap so far.
    let (world, server) = desk().await;
    world.book(ROOM, 0, 60).await;
    world.book(ROOM, 75, 120).await;
    tell(&world, &server, &[("10:03:29", "until 10:10:00"), ("10:03:30", "until 11:10:00")]).await;
}

#[tokio::test]
async fn a_live_room_of_the_previous_one_makes_way_when_the_next_one_starts() {
    let (world, server) = desk().await;
    world.book(ROOM, 0, 60).await;
    world.book(ROOM, 68, 120).await;
    let first = enter(&world, &server, "10:00:00").await;
    assert_eq!(told(&first), "until 11:10:00", "nobody came to the first one");
    world.delete(&server, first.id()).await;
    let first = enter(&world, &server, "09:10:00").await;
    let second = enter(&world, &server, "10:08:00").await;
    assert_eq!(told(&second), "until 11:10:00");
    assert_ne!(first.id(), second.id());
    let reasons = "SELECT close_reason FROM conferences WHERE closed_at IS NOT NULL ORDER BY id";
    let reasons: Vec<String> = sqlx::query_scalar(reasons).fetch_all(world.db()).await.unwrap();
    assert_eq!(reasons, ["released", "expired"], "its time was over by itself");
}

#[tokio::test]
async fn the_longest_time_is_counted_from_the_first_opening() {
    let (world, server) = desk().await;
    world.book_with(ROOM, 0, 180, |booking| booking.max_duration = Some(TimeDelta::hours(1))).await;
    world.book(ROOM, 240, 300).await;
    tell(
        &world,
        &server,
        &[
            ("09:15:00", "until 10:15:00"),
            ("09:30:00", "until 10:15:00"),
            ("10:14:59", "until 10:15:00"),
            ("10:15:00", "over: This meeting is over. The room opens again at 12:50 UTC."),
            ("11:59:00", "over: This meeting is over. The room opens again at 12:50 UTC."),
            ("12:50:00", "until 14:10:00"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_room_without_an_end_opens_again_and_again() {
    let (world, server) = desk().await;
    world.book_with(ROOM, 0, 60, |booking| booking.ends = None).await;
    for moment in
        ["2026-12-01T08:48:30Z", "2026-12-01T23:00:00Z", "2027-06-01T12:00:00Z", "2029-12-01T09:00:00Z"]
    {
        let reply = enter(&world, &server, moment).await;
        assert_eq!(reply.status, 200, "{moment}: {reply:?}");
        assert!(reply.body["duration"].as_i64().unwrap() >= 3600);
        world.delete(&server, reply.id()).await;
    }
    tell(&world, &server, &[("08:48:29", "too_early: This room opens at 08:50 UTC.")]).await;
}

#[tokio::test]
async fn a_room_that_nobody_booked_is_unknown() {
    let (world, server) = desk().await;
    world.book("another", 0, 60).await;
    tell(&world, &server, &[("09:00:00", "unknown_room: No meeting is scheduled in this room.")]).await;
}

#[tokio::test]
async fn between_two_dates_people_are_told_about_the_nearer_one() {
    let (world, server) = desk().await;
    world.book(ROOM, 0, 60).await;
    world.book(ROOM, 180, 240).await;
    tell(
        &world,
        &server,
        &[
            ("10:15:00", "over: This meeting is over. The room opens again at 11:50 UTC."),
            ("11:30:00", "too_early: This room opens at 11:50 UTC."),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_cancelled_appointment_says_so_and_makes_way_for_another_one() {
    let (world, server) = desk().await;
    let appointment = world.book(ROOM, 0, 60).await;
    world.cancel(&appointment).await;
    tell(
        &world,
        &server,
        &[
            ("08:00:00", "cancelled: This meeting was cancelled."),
            ("09:30:00", "cancelled: This meeting was cancelled."),
        ],
    )
    .await;
    world.policy(|policy| policy.language = Language::De).await;
    tell(&world, &server, &[("09:30:00", "cancelled: Dieser Termin wurde abgesagt.")]).await;
    world.book(ROOM, 15, 45).await;
    tell(&world, &server, &[("09:30:00", "until 09:55:00")]).await;
}

#[tokio::test]
async fn a_cancelled_date_says_when_the_next_one_is() {
    let (world, server) = desk().await;
    let series = world.book(ROOM, 0, 60).await;
    sqlx::query("UPDATE occurrences SET cancelled_at = starts, revision = 2")
        .execute(world.db())
        .await
        .unwrap();
    tell(&world, &server, &[("09:30:00", "occurrence_cancelled: This meeting was cancelled.")]).await;
    sqlx::query(
        "INSERT INTO occurrences (tenant_id, appointment_id, original_start, room, starts, ends, lobby, revision)
         SELECT tenant_id, id, starts + interval '7 days', room, starts + interval '7 days', ends + interval '7 days',
                lobby, 1
         FROM appointments WHERE id = $1",
    )
    .bind(Uuid::from(series.id))
    .execute(world.db())
    .await
    .unwrap();
    tell(&world, &server, &[(
        "09:30:00",
        "occurrence_cancelled: This meeting was cancelled. The room opens again on 8 December at 08:50 UTC.",
    )])
    .await;
}

#[tokio::test]
async fn people_are_told_the_time_of_their_tenant_in_winter_and_in_summer() {
    let (world, server) = desk().await;
    world.policy(|policy| policy.time_zone = Tz::Europe__Berlin).await;
    world.book(ROOM, 60, 120).await;
    world
        .book_with(ROOM, 0, 0, |booking| {
            booking.starts = "2027-07-01T10:00:00+02:00".parse().unwrap();
            booking.ends = Some("2027-07-01T11:00:00+02:00".parse().unwrap());
        })
        .await;
    tell(
        &world,
        &server,
        &[
            ("2026-11-30T22:59:59Z", "too_early: This room opens on 1 December at 10:50 CET."),
            ("2026-11-30T23:00:00Z", "too_early: This room opens at 10:50 CET."),
            ("11:10:00", "over: This meeting is over. The room opens again on 1 July 2027 at 09:50 CEST."),
            ("2027-06-30T12:00:00Z", "too_early: This room opens on 1 July at 09:50 CEST."),
            ("2027-07-01T07:48:30Z", "until 09:10:00"),
        ],
    )
    .await;
    world.policy(|policy| policy.language = Language::De).await;
    tell(
        &world,
        &server,
        &[
            ("2026-11-30T22:59:59Z", "too_early: Dieser Raum öffnet am 1. Dezember um 10:50 CET."),
            (
                "11:10:00",
                "over: Dieser Termin ist vorbei. Der Raum öffnet wieder am 1. Juli 2027 um 09:50 CEST.",
            ),
            ("2027-07-01T09:10:00Z", "over: Dieser Termin ist vorbei."),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_hour_that_comes_twice_is_told_apart_and_lasts_an_hour() {
    let (world, server) = desk().await;
    world.policy(|policy| policy.time_zone = Tz::Europe__Berlin).await;
    let book = async |starts: &str, ends: &str| {
        world
            .book_with(ROOM, 0, 0, |booking| {
                booking.starts = starts.parse().unwrap();
                booking.ends = Some(ends.parse().unwrap());
            })
            .await
    };
    world.stand_at("2026-10-24T12:00:00Z");
    book("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00").await;
    book("2026-10-25T02:55:00+01:00", "2026-10-25T04:00:00+01:00").await;
    book("2027-03-28T01:30:00+01:00", "2027-03-28T03:30:00+02:00").await;
    tell(
        &world,
        &server,
        &[
            ("2026-10-25T00:00:00Z", "too_early: This room opens at 02:20 CEST."),
            ("2026-10-25T00:30:00Z", "until 01:40:00"),
            ("2026-10-25T01:41:00Z", "over: This meeting is over. The room opens again at 02:45 CET."),
            ("2027-03-28T00:00:00Z", "too_early: This room opens at 01:20 CET."),
            ("2027-03-28T00:30:00Z", "until 01:40:00"),
            ("2027-03-28T01:39:59Z", "until 01:40:00"),
        ],
    )
    .await;
}
