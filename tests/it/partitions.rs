//! The network to the database breaks: what is connected goes silent, and nobody is told.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::outages::{ask_in_time, furnish, recovers};
use crate::rig::{Caller, Frontdesk, Setup, eventually, hands_on};
use crate::world;

/// What a wire does with what is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// It carries it.
    Fine,
    /// It swallows everything, for good.
    Silent,
    /// It becomes silent with the next message that only asks whether anybody is there.
    SilentFromThePing,
}

/// What sqlx sends before a connection is idle again: PostgreSQL's `Sync`, on its own.
const PING: [u8; 5] = [b'S', 0, 0, 0, 4];

/// A way to the database, in front of its port. A connection that went silent stays so, and is never closed.
struct Wire {
    port: u16,
    mood: Arc<watch::Sender<Mood>>,
}

impl Wire {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mood = Arc::new(watch::Sender::new(Mood::Fine));
        let wire = Self { port: listener.local_addr().unwrap().port(), mood: mood.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, port, mood.subscribe()));
            }
        });
        wire
    }

    fn is(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

async fn carry(mut client: TcpStream, port: u16, mut mood: watch::Receiver<Mood>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    while *mood.borrow_and_update() != Mood::Silent {
        tokio::select! {
            biased;
            changed = mood.changed() => if changed.is_err() { return },
            read = client.read(&mut up) => match read {
                Ok(read) if up[..read] == PING && *mood.borrow() == Mood::SilentFromThePing => break,
                Ok(read) if read > 0 && server.write_all(&up[..read]).await.is_ok() => {}
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(read) if read > 0 && client.write_all(&down[..read]).await.is_ok() => {}
                _ => return,
            },
        }
    }
    // Held, and nothing more.
    std::future::pending::<()>().await;
}

/// Frontdesk behind a wire, with few connections, of which each has been used.
async fn behind_a_wire() -> (Wire, Setup, Frontdesk, Caller) {
    let (_, options) = world::database().await;
    let credential = furnish(&hands_on(&options)).await;
    let wire = Wire::to(options.get_port()).await;
    let mut setup = Setup::remote(&options.port(wire.port));
    setup.set("FRONTDESK_DATABASE_DESK_CONNECTIONS", "4");
    setup.set("FRONTDESK_DATABASE_CONNECTIONS", "2");
    let frontdesk = setup.serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    assert_eq!(ask_in_time(&caller, "before", 20).await, [200; 20]);
    assert_eq!(caller.health("/readyz").await.0, 200);
    (wire, setup, frontdesk, caller)
}

/// All is as it was: rooms open, Frontdesk says so, and no connection is held for ever.
async fn all_is_well(frontdesk: &Frontdesk, caller: &Caller) {
    recovers(caller, "afterwards").await;
    assert_eq!(ask_in_time(caller, "after", 20).await, [200; 20]);
    eventually("it is ready again", async || caller.health("/readyz").await.0 == 200).await;
    for pool in ["desk", "general"] {
        let busy = format!("frontdesk_pool_connections{{pool=\"{pool}\",state=\"busy\"}}");
        eventually(&busy, async || frontdesk.metric(&busy).await < 0.5).await;
    }
}

#[tokio::test]
async fn connections_that_go_silent_under_a_statement_are_replaced() {
    let (wire, _setup, frontdesk, caller) = behind_a_wire().await;
    wire.is(Mood::Silent);
    assert_eq!(ask_in_time(&caller, "silent", 20).await, [503; 20]);
    for _ in 0..2 {
        assert_eq!(caller.health("/readyz").await.0, 503);
    }
    wire.is(Mood::Fine);
    all_is_well(&frontdesk, &caller).await;
}

#[tokio::test]
async fn connections_that_go_silent_between_two_statements_are_replaced() {
    let (wire, _setup, frontdesk, caller) = behind_a_wire().await;
    wire.is(Mood::SilentFromThePing);
    let asked = ask_in_time(&caller, "silent", 20).await;
    assert!(asked.contains(&200) && asked.iter().all(|status| [200, 503].contains(status)), "{asked:?}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    wire.is(Mood::Fine);
    all_is_well(&frontdesk, &caller).await;
}
