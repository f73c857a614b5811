//! As much of HTTP as it takes to ask, and no more: whoever asks shares two cores with who answers.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that is kept, and made again where the other side closes it with an answer.
pub struct Client {
    port: u16,
    stream: TcpStream,
    is_closed: bool,
    received: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer<'a> {
    pub status: u16,
    pub head: &'a str,
    pub body: &'a str,
}

impl Client {
    pub async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { port, stream, is_closed: false, received: Vec::with_capacity(4096) })
    }

    /// Sends a request, and waits for all of its answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        if self.is_closed {
            *self = Self::connect(self.port).await?;
        }
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            self.receive().await?;
            if let Some(at) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let length = length(text(&self.received[..head])?)?;
        while self.received.len() < head + length {
            self.receive().await?;
        }
        let (head, body) = (text(&self.received[..head])?, text(&self.received[head..])?);
        self.is_closed = header(head, "connection") == Some("close");
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(no_http)?;
        Ok(Answer { status, head, body })
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl Answer<'_> {
    /// The value of a header; actix writes their names in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn length(head: &str) -> io::Result<usize> {
    header(head, "content-length").map_or(Ok(0), |length| length.parse().map_err(|_| no_http()))
}

fn text(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| no_http())
}

fn no_http() -> io::Error {
    io::Error::other("this is not the HTTP that we know")
}
