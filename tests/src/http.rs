//! HTTP/1.1 by hand: a test decides over every byte it sends and sees every byte that comes back.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::wait::LONG;

/// Headers a message may have.
const HEADERS_MAX: usize = 64;

/// A header's name, in small letters, and its value.
pub type Header = (String, String);

/// A request to be.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `POST`…
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Beside `host`, `connection` and `content-length`.
    pub headers: Vec<(&'a str, String)>,
    /// The body.
    pub body: &'a [u8],
    /// What `content-length` says, if not the truth.
    pub claimed: Option<u64>,
}

impl<'a> Request<'a> {
    /// Without headers and body.
    pub const fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, headers: Vec::new(), body: &[], claimed: None }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With a body.
    #[must_use]
    pub const fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }

    /// With a length that the body does not have.
    #[must_use]
    pub const fn claims(mut self, length: u64) -> Self {
        self.claimed = Some(length);
        self
    }

    fn bytes(&self, host: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        let length = self.claimed.unwrap_or(self.body.len() as u64);
        text += &format!("connection: close\r\ncontent-length: {length}\r\n\r\n");
        [text.as_bytes(), self.body].concat()
    }

    /// Sends it and reads the answer. An answer that comes before the whole request is sent is an
    /// answer.
    ///
    /// # Errors
    /// When there is none.
    pub fn send(&self, to: SocketAddr) -> io::Result<Answer> {
        self.send_within(LONG, to)
    }

    /// The same for a sender that waits no longer for a word.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send_within(&self, long: Duration, to: SocketAddr) -> io::Result<Answer> {
        let stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(long))?;
        stream.set_write_timeout(Some(long))?;
        self.exchange(stream, &to.to_string())
    }

    /// The same over a stream that is there.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn exchange(&self, mut stream: impl Read + Write, host: &str) -> io::Result<Answer> {
        let sent = stream.write_all(&self.bytes(host)).and_then(|()| stream.flush());
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some(answer) = Answer::parse(&bytes)? {
                return Ok(answer);
            }
            match stream.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => bytes.extend_from_slice(&chunk[..read]),
                Err(error) => return sent.and(Err(error)),
            }
        }
        sent?;
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no whole answer came"))
    }
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// `None`: more is to come.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut head = httparse::Response::new(&mut headers);
        let start = match head.parse(bytes).map_err(io::Error::other)? {
            httparse::Status::Complete(start) => start,
            httparse::Status::Partial => return Ok(None),
        };
        let status = head.code.unwrap_or_default();
        let headers = owned(head.headers);
        let length = length(&headers).unwrap_or(0);
        let body = bytes.get(start..start + length).map(<[u8]>::to_vec);
        Ok(body.map(|body| Self { status, headers, body }))
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let json = serde_json::from_slice(&self.body);
        json.unwrap_or_else(|e| panic!("no JSON ({e}): {} {}", self.status, self.text()))
    }

    /// Itself, if it has that status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// All of it in one text, to look for what must not be there.
    pub fn whole(&self) -> String {
        format!("{:?}\n{}", self.headers, self.text())
    }
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<Header> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect()
}

pub(crate) fn find<'h>(headers: &'h [Header], name: &str) -> Option<&'h str> {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn length(headers: &[Header]) -> Option<usize> {
    find(headers, "content-length")?.parse().ok()
}

/// A request that came.
#[derive(Default)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Vec<u8>,
}

/// Reads one request, all of its bytes into `bytes`. `None` at the end of the stream: what came of
/// an unfinished one is in `bytes`.
pub(crate) fn read_request(
    stream: &mut impl Read,
    bytes: &mut Vec<u8>,
    mut first_byte: impl FnMut(),
) -> io::Result<Option<Arrived>> {
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some(arrived) = parse(bytes)? {
            return Ok(Some(arrived));
        }
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(None);
        }
        if bytes.is_empty() {
            first_byte();
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn parse(bytes: &[u8]) -> io::Result<Option<Arrived>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let (method, path) = (head.method.unwrap_or_default(), head.path.unwrap_or_default());
    let (method, path, headers) = (method.to_owned(), path.to_owned(), owned(head.headers));
    let end = start + length(&headers).unwrap_or(0);
    Ok(bytes.get(start..end).map(|body| Arrived { method, path, headers, body: body.to_vec() }))
}
