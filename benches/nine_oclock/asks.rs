//! Asks as Prosody writes them, and the answers that there are to them.

use frontdesk::clock::Clock;

use crate::data::{Desk, room, tenant};
use crate::http::Answer;

/// The kind of room that is booked for now, and one that is not.
pub const BOOKED: &str = "room";
pub const UNKNOWN: &str = "nobody";

/// Writes the ask for the room of that kind and number.
pub fn write(desk: &Desk, kind: &str) -> impl Fn(u64, &mut Vec<u8>) + use<> {
    let head = format!(
        "POST /conference HTTP/1.1\r\nhost: frontdesk\r\nauthorization: Bearer {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: ",
        desk.credential
    );
    let now = Clock::system().now().format("%Y-%m-%dT%H%%3a%M%%3a%S%.3fZ");
    let rest = format!("&mail_owner=abc%40meet.test&start_time={now}");
    let kind = kind.to_owned();
    move |number, request| {
        let name = format!("name=%5btenant-{}%5d{}", tenant(number), room(&kind, number));
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice((name.len() + rest.len()).to_string().as_bytes());
        request.extend_from_slice(b"\r\n\r\n");
        request.extend_from_slice(name.as_bytes());
        request.extend_from_slice(rest.as_bytes());
    }
}

/// The request that reads an open conference.
pub fn read(desk: &Desk, id: &str) -> String {
    let credential = &desk.credential;
    format!("GET /conference/{id} HTTP/1.1\r\nhost: frontdesk\r\nauthorization: Bearer {credential}\r\n\r\n")
}

pub fn is_grant(answer: &Answer<'_>) -> bool {
    answer.status == 200 && answer.body.starts_with(r#"{"id":""#)
}

pub fn is_refusal(answer: &Answer<'_>) -> bool {
    answer.status == 404 && answer.body.contains(r#""reason":"unknown_room""#)
}

/// Whether the answer is the right one to the ask for a room of that kind.
pub fn is_right(kind: &str) -> fn(u64, &Answer<'_>) -> bool {
    if kind == BOOKED { |_, answer| is_grant(answer) } else { |_, answer| is_refusal(answer) }
}
