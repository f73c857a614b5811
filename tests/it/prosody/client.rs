//! A client, as the web client is one: XMPP over WebSocket (RFC 7395).

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::server::DOMAIN;
use super::xml::{Element, escape};

/// How long anything may take that should happen at once. Retries of Prosody's take 3 s.
pub const AT_ONCE: Duration = Duration::from_secs(20);

/// The login of somebody without an account.
const ANONYMOUS: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";

/// Somebody with a browser.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came while something else was waited for.
    inbox: VecDeque<Element>,
    /// The full address that Prosody gave.
    pub address: String,
    sent: u32,
}

/// A login that was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Such as `not-allowed`.
    pub condition: String,
    /// What Prosody says besides; empty where it says nothing.
    pub text: String,
}

/// What a client is told instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Such as `service-unavailable`.
    pub condition: String,
    /// The sentence that people read; empty where there is none.
    pub text: String,
    /// The code of the reservation system's refusals; empty for others.
    pub code: String,
    /// Where people are to wait; empty where they are not.
    pub lobby: String,
}

/// The refusal in an error.
fn refusal(stanza: &Element) -> Refusal {
    let error = stanza.child("error").unwrap_or_else(|| panic!("no error in {stanza:?}"));
    let condition = error.children.iter().find(|child| child.name != "text").unwrap();
    let text = |name| stanza.find(name).map_or(String::new(), |found| found.text.clone());
    let code = stanza.find("reservation-error").map(|found| found.attribute("error-code").to_owned());
    Refusal {
        condition: condition.name.clone(),
        text: text("text"),
        code: code.unwrap_or_default(),
        lobby: text("lobbyroom"),
    }
}

/// The address of a room with this name.
pub fn room(name: &str) -> String {
    format!("{name}@conference.{DOMAIN}")
}

/// Where conference requests go.
pub fn focus_host() -> String {
    format!("focus.{DOMAIN}")
}

impl Client {
    /// Somebody without an account.
    pub async fn anonymous(port: u16, host: &str) -> Self {
        Self::login(port, "", host, ANONYMOUS).await
    }

    /// Somebody who brings this for a token.
    pub async fn with_token(port: u16, host: &str, token: &str) -> Self {
        Self::login(port, &format!("?token={token}"), host, ANONYMOUS).await
    }

    /// Somebody who brings this for a token, or why Prosody refuses the login.
    pub async fn try_with_token(port: u16, host: &str, token: &str) -> Result<Self, Failure> {
        Self::try_login(port, &format!("?token={token}"), host, ANONYMOUS).await
    }

    /// How Prosody refuses the login of somebody who brings this for a token.
    pub async fn refused_with_token(port: u16, host: &str, token: &str) -> String {
        let refused = Self::try_with_token(port, host, token).await;
        refused.err().expect("the login should be refused").condition
    }

    /// Somebody without an account, whose page shows this room.
    pub async fn on_the_page_of(port: u16, room: &str) -> Self {
        Self::login(port, &format!("?room={room}"), DOMAIN, ANONYMOUS).await
    }

    /// Somebody with an account.
    pub async fn with_password(port: u16, host: &str, user: &str, password: &str) -> Self {
        let plain = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
        let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>");
        Self::login(port, "", host, &auth).await
    }

    async fn connect(port: u16, query: &str) -> Self {
        let mut request =
            format!("ws://127.0.0.1:{port}/xmpp-websocket{query}").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "xmpp".parse().unwrap());
        let (socket, _) = timeout(AT_ONCE, connect_async(request)).await.unwrap().unwrap();
        Self { socket, inbox: VecDeque::new(), address: String::new(), sent: 0 }
    }

    async fn login(port: u16, query: &str, host: &str, auth: &str) -> Self {
        Self::try_login(port, query, host, auth).await.unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    async fn try_login(port: u16, query: &str, host: &str, auth: &str) -> Result<Self, Failure> {
        let mut client = Self::connect(port, query).await;
        client.open(host).await;
        client.send(auth).await;
        let answered = |stanza: &Element| ["success", "failure"].contains(&stanza.name.as_str());
        let answer = client.wait("an answer to the login", answered).await;
        if answer.name == "failure" {
            let text = answer.find("text").map_or(String::new(), |text| text.text.clone());
            return Err(Failure { condition: answer.children[0].name.clone(), text });
        }
        client.open(host).await;
        let bound = client.set("", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>").await.unwrap();
        bound.find("jid").unwrap().text.clone_into(&mut client.address);
        Ok(client)
    }

    async fn open(&mut self, host: &str) {
        self.send(&format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{host}' version='1.0'/>"))
            .await;
        self.wait("features", |stanza| stanza.name == "features").await;
    }

    /// Sends a stanza as it stands.
    pub async fn send(&mut self, stanza: &str) {
        timeout(AT_ONCE, self.socket.send(Message::text(stanza))).await.unwrap().unwrap();
    }

    /// The next stanza; `None` where the connection has ended.
    pub async fn next(&mut self) -> Option<Element> {
        match self.inbox.pop_front() {
            Some(stanza) => Some(stanza),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Option<Element> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(Element::parse(&text)),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits for a stanza, and keeps what comes meanwhile.
    pub async fn wait(&mut self, what: &str, wanted: impl Fn(&Element) -> bool) -> Element {
        self.wait_for(AT_ONCE, what, wanted).await
    }

    /// Waits so long for a stanza, and keeps what comes meanwhile.
    pub async fn wait_for(
        &mut self,
        patience: Duration,
        what: &str,
        wanted: impl Fn(&Element) -> bool,
    ) -> Element {
        if let Some(at) = self.inbox.iter().position(&wanted) {
            return self.inbox.remove(at).unwrap();
        }
        let found = timeout(patience, async {
            loop {
                let Some(stanza) = self.read().await else { panic!("Prosody hung up before {what}") };
                if wanted(&stanza) {
                    return stanza;
                }
                self.inbox.push_back(stanza);
            }
        });
        let found = found.await.ok();
        found.unwrap_or_else(|| panic!("not within {patience:?}: {what}; there came {:?}", self.inbox))
    }

    fn next_id(&mut self) -> String {
        self.sent += 1;
        format!("id{}", self.sent)
    }

    /// Sends an `iq` to an address and gives the answer.
    pub async fn iq(&mut self, kind: &str, to: &str, payload: &str) -> Result<Element, Refusal> {
        let id = self.next_id();
        let to = if to.is_empty() { String::new() } else { format!(" to='{}'", escape(to)) };
        self.send(&format!("<iq xmlns='jabber:client' type='{kind}' id='{id}'{to}>{payload}</iq>")).await;
        let answer = self
            .wait("an answer to an iq", |stanza| stanza.name == "iq" && stanza.attribute("id") == id)
            .await;
        if answer.attribute("type") == "error" { Err(refusal(&answer)) } else { Ok(answer) }
    }

    pub async fn set(&mut self, to: &str, payload: &str) -> Result<Element, Refusal> {
        self.iq("set", to, payload).await
    }

    /// Asks the focus for a room, as the web client does before it enters.
    pub async fn ask(&mut self, address: &str) -> Result<(), Refusal> {
        self.ask_by("set", &focus_host(), address).await
    }

    /// Asks for a room in an unusual way.
    pub async fn ask_by(&mut self, kind: &str, to: &str, address: &str) -> Result<(), Refusal> {
        let address = escape(address);
        let conference = format!("<conference xmlns='http://jitsi.org/protocol/focus' room='{address}'/>");
        let answer = self.iq(kind, to, &conference).await?;
        assert_eq!(answer.child("conference").unwrap().attribute("ready"), "true", "{answer:?}");
        Ok(())
    }

    /// Enters a room.
    pub async fn enter(
        &mut self,
        address: &str,
        nick: &str,
        password: Option<&str>,
    ) -> Result<Element, Refusal> {
        let id = self.next_id();
        let to = escape(&format!("{address}/{nick}"));
        let password = password.map_or(String::new(), |p| format!("<password>{}</password>", escape(p)));
        self.send(&format!(
            "<presence xmlns='jabber:client' to='{to}' id='{id}'><x xmlns='http://jabber.org/protocol/muc'>{password}</x>\
             <nick xmlns='http://jabber.org/protocol/nick'>{}</nick></presence>",
            escape(nick)
        ))
        .await;
        let answer = self
            .wait("to be let in or not", |stanza| {
                let own = stanza.name == "presence" && stanza.attribute("id") == id;
                own && (stanza.attribute("type") == "error" || stanza.has_status("110"))
            })
            .await;
        if answer.attribute("type") == "error" { Err(refusal(&answer)) } else { Ok(answer) }
    }

    /// Asks for a room and enters it.
    pub async fn join(&mut self, address: &str, nick: &str, password: Option<&str>) -> Result<(), Refusal> {
        self.ask(address).await?;
        self.enter(address, nick, password).await.map(|_| ())
    }

    /// Leaves a room.
    pub async fn leave(&mut self, address: &str, nick: &str) {
        let to = escape(&format!("{address}/{nick}"));
        self.send(&format!("<presence xmlns='jabber:client' to='{to}' type='unavailable'/>")).await;
        self.put_out_of(AT_ONCE, address).await;
    }

    /// Waits until it is out of a room, and gives the last presence.
    pub async fn put_out_of(&mut self, patience: Duration, address: &str) -> Element {
        self.wait_for(patience, "to be out of the room", |stanza| {
            let gone = stanza.name == "presence" && stanza.attribute("type") == "unavailable";
            gone && stanza.attribute("from").starts_with(address) && stanza.has_status("110")
        })
        .await
    }

    /// As the owner, with the nick `owner`, of the room on its page: makes a breakout room, and gives its address.
    pub async fn add_breakout_room(&mut self) -> String {
        self.wait("to be made the owner", |stanza| {
            let owner = stanza.find("item").is_some_and(|item| item.attribute("affiliation") == "owner");
            owner && stanza.attribute("from").ends_with("/owner")
        })
        .await;
        let breakout = format!("breakout.{DOMAIN}");
        let add = "<breakout_rooms type='features/breakout-rooms/add' subject='one'/>";
        self.send(&format!("<message xmlns='jabber:client' to='{breakout}'>{add}</message>")).await;
        let host = format!("@{breakout}");
        let told = self
            .wait("word of the breakout room", |stanza| {
                stanza.find("json-message").is_some_and(|json| json.text.contains(&host))
            })
            .await;
        let (before, _) = told.find("json-message").unwrap().text.split_once(&host).unwrap();
        format!("{}{host}", before.rsplit('"').next().unwrap())
    }

    async fn info(&mut self, address: &str) -> Result<(), Refusal> {
        let query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        self.iq("get", address, query).await.map(|_| ())
    }

    /// Whether the room is gone, for somebody outside of it: while it is there, recent plugins tell them no more than that.
    pub async fn sees_gone(&mut self, address: &str) -> bool {
        self.info(address).await.is_err_and(|refusal| refusal.condition == "item-not-found")
    }

    /// Whether the room is there.
    pub async fn sees(&mut self, address: &str) -> bool {
        match self.info(address).await {
            Ok(()) => true,
            Err(refusal) if refusal.condition == "item-not-found" => false,
            Err(refusal) => panic!("{address}: {refusal:?}"),
        }
    }
}
