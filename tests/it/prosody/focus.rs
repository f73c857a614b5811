//! What stands in for Jicofo. Asked for a conference, it enters the room, configures it, and answers then; the first person
//! there becomes its owner; and it leaves when nobody else is there any more.

use std::collections::{HashMap, HashSet};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::client::Client;
use super::server::{DOMAIN, Prosody};
use super::xml::{Element, escape};

/// The focus, until dropped.
pub struct Focus {
    task: JoinHandle<()>,
    orders: mpsc::Sender<(Order, oneshot::Sender<()>)>,
    /// The full address that it signed in with, behind the proxy.
    pub address: String,
}

/// What it does other than usual.
enum Order {
    LeaveAll,
    AnswerNobody,
}

/// A room that it was asked for.
#[derive(Default)]
struct Room {
    inside: bool,
    /// Who waits for an answer: address and id of the request.
    asked: Vec<(String, String)>,
    people: HashSet<String>,
}

struct Work {
    client: Client,
    rooms: HashMap<String, Room>,
    hangs: bool,
}

impl Focus {
    /// Logs in, and starts to answer.
    pub async fn start(prosody: &Prosody) -> Self {
        let mut client = login(prosody).await;
        client.send("<presence xmlns='jabber:client'/>").await;
        // After this, the proxy has seen that presence.
        ping(&mut client).await;
        let address = client.address.clone();
        let work = Work { client, rooms: HashMap::new(), hangs: false };
        let (orders, given) = mpsc::channel(1);
        Self { task: tokio::spawn(work.run(given)), orders, address }
    }

    /// Leaves all rooms, as Jicofo does after 15 s in which nobody has entered.
    pub async fn give_up(&self) {
        self.order(Order::LeaveAll).await;
    }

    /// Takes requests from now on, and does nothing about them.
    pub async fn hang(&self) {
        self.order(Order::AnswerNobody).await;
    }

    async fn order(&self, order: Order) {
        let (done, was_done) = oneshot::channel();
        self.orders.send((order, done)).await.unwrap();
        was_done.await.unwrap();
    }
}

/// Waits until Prosody has worked through what was sent before.
async fn ping(client: &mut Client) {
    client.iq("get", &format!("auth.{DOMAIN}"), "<ping xmlns='urn:xmpp:ping'/>").await.unwrap();
}

impl Drop for Focus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A session of the focus user that answers nobody.
pub async fn login(prosody: &Prosody) -> Client {
    Client::with_password(prosody.port, &format!("auth.{DOMAIN}"), "focus", Prosody::FOCUS_PASSWORD).await
}

impl Work {
    async fn run(mut self, mut orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>) {
        loop {
            let stanza = tokio::select! {
                stanza = self.client.next() => stanza,
                Some((order, done)) = orders.recv() => {
                    match order {
                        Order::LeaveAll => self.leave_all().await,
                        Order::AnswerNobody => self.hangs = true,
                    }
                    _ = done.send(());
                    continue;
                }
            };
            let Some(stanza) = stanza else { return };
            match stanza.name.as_str() {
                "iq" if !self.hangs && ["set", "get"].contains(&stanza.attribute("type")) => {
                    self.asked(&stanza).await;
                }
                "presence" => self.presence(&stanza).await,
                _ => {}
            }
        }
    }

    async fn leave_all(&mut self) {
        for (address, _) in std::mem::take(&mut self.rooms) {
            self.leave(&address).await;
        }
        ping(&mut self.client).await;
    }

    async fn leave(&mut self, address: &str) {
        let to = escape(&format!("{address}/focus"));
        self.client.send(&format!("<presence xmlns='jabber:client' to='{to}' type='unavailable'/>")).await;
    }

    /// Like Jicofo, it reads the room as an address: without regard to case, and without what stands after a slash.
    async fn asked(&mut self, stanza: &Element) {
        let who = (stanza.attribute("from").to_owned(), stanza.attribute("id").to_owned());
        let Some(conference) = stanza.child("conference") else {
            let ping = stanza.child("ping").is_some();
            return self.answer(&who, if ping { Ok("") } else { Err("feature-not-implemented") }).await;
        };
        let written = conference.attribute("room");
        let address = written.split('/').next().unwrap().to_lowercase();
        let known = self.rooms.entry(address.clone()).or_default();
        if known.inside {
            return self.ready(&who, &address).await;
        }
        known.asked.push(who);
        if known.asked.len() == 1 {
            let to = escape(&format!("{address}/focus"));
            let muc = "<x xmlns='http://jabber.org/protocol/muc'/>";
            self.client.send(&format!("<presence xmlns='jabber:client' to='{to}'>{muc}</presence>")).await;
        }
    }

    async fn presence(&mut self, stanza: &Element) {
        let (address, nick) =
            stanza.attribute("from").split_once('/').unwrap_or((stanza.attribute("from"), ""));
        let (address, kind) = (address.to_owned(), stanza.attribute("type"));
        let Some(known) = self.rooms.get_mut(&address) else { return };
        if kind == "error" {
            let asked = self.rooms.remove(&address).unwrap().asked;
            for who in asked {
                self.answer(&who, Err("internal-server-error")).await;
            }
        } else if nick == "focus" && kind == "unavailable" {
            self.rooms.remove(&address);
        } else if nick == "focus" {
            known.inside = true;
            if stanza.has_status("201") {
                self.configure(&address).await;
            }
            let known = self.rooms.get_mut(&address).unwrap();
            for who in std::mem::take(&mut known.asked) {
                self.ready(&who, &address).await;
            }
        } else if kind == "unavailable" {
            known.people.remove(nick);
            if known.people.is_empty() {
                self.leave(&address).await;
            }
        } else if known.people.insert(nick.to_owned()) && known.people.len() == 1 {
            self.make_owner(&address, stanza.find("item").unwrap().attribute("jid")).await;
        }
    }

    /// A room that is new is configured, so that everybody sees everybody's address.
    async fn configure(&mut self, address: &str) {
        let (to, muc) = (escape(address), "http://jabber.org/protocol/muc");
        self.client
            .send(&format!(
                "<iq xmlns='jabber:client' type='set' id='configure' to='{to}'><query xmlns='{muc}#owner'>\
                 <x xmlns='jabber:x:data' type='submit'>\
                 <field var='FORM_TYPE'><value>{muc}#roomconfig</value></field>\
                 <field var='muc#roomconfig_whois'><value>anyone</value></field></x></query></iq>"
            ))
            .await;
    }

    async fn make_owner(&mut self, address: &str, person: &str) {
        let (to, person) = (escape(address), escape(person.split('/').next().unwrap()));
        let item = format!("<item affiliation='owner' jid='{person}'/>");
        self.client
            .send(&format!(
                "<iq xmlns='jabber:client' type='set' id='owner' to='{to}'>\
                 <query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query></iq>"
            ))
            .await;
    }

    async fn ready(&mut self, who: &(String, String), address: &str) {
        let address = escape(address);
        let conference =
            format!("<conference xmlns='http://jitsi.org/protocol/focus' room='{address}' ready='true'/>");
        self.answer(who, Ok(&conference)).await;
    }

    async fn answer(&mut self, (to, id): &(String, String), answer: Result<&str, &str>) {
        let (to, id) = (escape(to), escape(id));
        let (kind, payload) = match answer {
            Ok(payload) => ("result", payload.to_owned()),
            Err(condition) => {
                let condition = format!("<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>");
                ("error", format!("<error type='cancel'>{condition}</error>"))
            }
        };
        self.client
            .send(&format!("<iq xmlns='jabber:client' type='{kind}' id='{id}' to='{to}'>{payload}</iq>"))
            .await;
    }
}
