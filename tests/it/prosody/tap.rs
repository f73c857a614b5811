//! The wire between Prosody and Frontdesk: writes down what goes over it, and breaks it where a test wants that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to a request instead of being answered.
#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    /// An error, as a proxy in front of Frontdesk makes it; Frontdesk never hears of the request.
    Status(u16),
    /// Frontdesk answers, and the connection breaks before the answer is through.
    AnswerLost,
    /// Frontdesk answers, and the answer never comes.
    AnswerStuck,
}

/// A request, as it came over the wire, and the status that it was answered with; 0 for none.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub request: String,
    pub status: u16,
}

impl Exchange {
    /// Such as `POST /conference`.
    pub fn line(&self) -> &str {
        self.request.split(" HTTP/").next().unwrap()
    }

    pub fn body(&self) -> &str {
        self.request.split_once("\r\n\r\n").unwrap().1
    }

    /// A field of the form, as it stands on the wire.
    pub fn field(&self, name: &str) -> &str {
        let fields = self.body().split('&').filter_map(|field| field.split_once('='));
        fields.into_iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    target: String,
    exchanges: Vec<Exchange>,
    faults: VecDeque<Fault>,
    broken: Option<&'static str>,
}

/// A port that leads to Frontdesk.
pub struct Tap {
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Tap {
    /// Leads to `url`.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        let tap = Self { url: own, state, task };
        tap.lead_to(url);
        tap
    }

    /// Frontdesk was started again, and has another port now.
    pub fn lead_to(&self, url: &str) {
        url.trim_start_matches("http://").clone_into(&mut self.state.lock().unwrap().target);
    }

    /// Closes the port: connections are refused, as where nothing runs.
    pub fn close(&self) {
        self.task.abort();
    }

    /// Opens it again.
    pub async fn open(&mut self) {
        self.task.abort();
        let listener = TcpListener::bind(self.url.trim_start_matches("http://")).await.unwrap();
        self.task = tokio::spawn(serve(listener, Arc::clone(&self.state)));
    }

    /// Breaks the next requests, one after the other.
    pub fn break_next(&self, faults: &[Fault]) {
        self.state.lock().unwrap().faults.extend(faults);
    }

    /// Answers requests in which this stands with 503, until something else is said.
    pub fn break_all(&self, words: Option<&'static str>) {
        self.state.lock().unwrap().broken = words;
    }

    /// All that went over the wire.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state.lock().unwrap().exchanges.clone()
    }

    /// What was asked, and how it was answered: `POST 200`.
    pub fn summary(&self) -> Vec<String> {
        let exchanges = self.exchanges();
        exchanges.iter().map(|e| format!("{} {}", e.line().split(' ').next().unwrap(), e.status)).collect()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.close();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        // What can't be forwarded is a connection that ends without an answer.
        tokio::spawn(async move { _ = pass_on(stream, &state).await });
    }
}

async fn pass_on(mut prosody: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let request = read_message(&mut prosody).await?;
    let (target, fault) = {
        let mut state = state.lock().unwrap();
        let is_broken = state.broken.is_some_and(|words| String::from_utf8_lossy(&request).contains(words));
        let fault = if is_broken { Some(Fault::Status(503)) } else { state.faults.pop_front() };
        (state.target.clone(), fault)
    };
    let note = |status| {
        let request = String::from_utf8(request.clone()).unwrap();
        state.lock().unwrap().exchanges.push(Exchange { request, status });
    };
    if let Some(Fault::Status(status)) = fault {
        note(status);
        let body = "<html>a proxy's page</html>";
        let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        return prosody.write_all(answer.as_bytes()).await;
    }
    let mut frontdesk = TcpStream::connect(target).await.inspect_err(|_| note(0))?;
    frontdesk.write_all(&request).await?;
    let answer = read_message(&mut frontdesk).await?;
    if let Some(Fault::AnswerLost | Fault::AnswerStuck) = fault {
        note(0);
        if fault == Some(Fault::AnswerStuck) {
            // Until Prosody hangs up.
            prosody.read_u8().await?;
        }
        return Ok(());
    }
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    note(status);
    prosody.write_all(&answer).await
}

/// One request or answer: its head, and as many bytes as that announces.
async fn read_message(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        if stream.read_buf(&mut message).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&message);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lower = head.to_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
        if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            return Ok(message);
        }
    }
}
