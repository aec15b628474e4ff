//! A keep-alive HTTP/1.1 client connection, one request in flight.
//!
//! Deliberately absent: TLS, redirects, pipelining, and retries. A request that fails has failed;
//! sending it twice would hide what the hub did with the first.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longest answer read. The sink's list of a million ids fits.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
const HEADERS_MAX: usize = 64;

/// Why there was no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection ended before the answer did.
    Closed,
    /// The answer did not come in time.
    Timeout,
    /// The answer was not HTTP/1.1, or longer than any answer should be.
    Malformed,
}

impl Failure {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
        }
    }
}

/// An answer whose body has been read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status code, 200 or above.
    pub status: u16,
    /// Whether the connection is good for another request.
    pub reusable: bool,
}

/// An open connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: usize,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The system's, such as connection refused.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), body: 0 })
    }

    /// Sends one whole request, head and body, and reads its answer. The connection must be
    /// dropped after a failure, or when this future is dropped half-way.
    ///
    /// # Errors
    /// [`Failure::Closed`] or [`Failure::Malformed`].
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.buffer.clear();
        self.stream.write_all(request).await.map_err(|_| Failure::Closed)?;
        let head = self.read_head().await?;
        self.body = head.length;
        let end = self.read_body(&head).await?;
        if self.buffer.len() > end {
            return Err(Failure::Malformed);
        }
        Ok(Answer { status: head.status, reusable: head.reusable })
    }

    /// The last answer's body as it came; a chunked one with its chunk sizes.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.buffer[self.body..]
    }

    async fn read_head(&mut self) -> Result<Head, Failure> {
        loop {
            match Head::parse(&self.buffer)? {
                Some(head) if head.status >= 200 => return Ok(head),
                Some(interim) => drop(self.buffer.drain(..interim.length)),
                None => self.fill().await?,
            }
        }
    }

    /// Reads to the body's end and says where that is.
    async fn read_body(&mut self, head: &Head) -> Result<usize, Failure> {
        loop {
            let end = match head.framing {
                Framing::Length(length) => Some(head.length.saturating_add(length)),
                Framing::Chunked => {
                    chunks_end(&self.buffer[head.length..])?.map(|end| head.length + end)
                }
                Framing::ToClose => None,
            };
            match (end, self.buffer.len()) {
                (Some(end), have) if have >= end => return Ok(end),
                _ => {}
            }
            match self.fill().await {
                Err(Failure::Closed) if head.framing == Framing::ToClose => {
                    return Ok(self.buffer.len());
                }
                filled => filled?,
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        if self.buffer.len() >= ANSWER_BYTES_MAX {
            return Err(Failure::Malformed);
        }
        self.buffer.reserve(1024);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(Failure::Closed),
            Ok(_) => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Framing {
    Length(usize),
    Chunked,
    ToClose,
}

#[derive(PartialEq, Eq, Debug)]
struct Head {
    status: u16,
    framing: Framing,
    reusable: bool,
    /// Bytes up to and including the empty line.
    length: usize,
}

impl Head {
    /// `None` when more bytes are needed.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Failure> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).map_err(|_| Failure::Malformed)?;
        let httparse::Status::Complete(length) = parsed else { return Ok(None) };
        let status = response.code.ok_or(Failure::Malformed)?;
        let framing = framing(status, response.headers)?;
        let reusable = response.version == Some(1)
            && framing != Framing::ToClose
            && !says(response.headers, "connection", "close");
        Ok(Some(Self { status, framing, reusable, length }))
    }
}

/// RFC 9112, 6.3: how long the body is.
fn framing(status: u16, headers: &[httparse::Header<'_>]) -> Result<Framing, Failure> {
    if status < 200 || status == 204 || status == 304 {
        return Ok(Framing::Length(0));
    }
    if says(headers, "transfer-encoding", "chunked") {
        return Ok(Framing::Chunked);
    }
    let Some(header) = headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"))
    else {
        return Ok(Framing::ToClose);
    };
    let length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
    length.map(Framing::Length).ok_or(Failure::Malformed)
}

fn says(headers: &[httparse::Header<'_>], name: &str, value: &str) -> bool {
    headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case(name)
            && header.value.eq_ignore_ascii_case(value.as_bytes())
    })
}

/// Where a chunked body ends, trailers included; `None` when more bytes are needed.
fn chunks_end(bytes: &[u8]) -> Result<Option<usize>, Failure> {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let size = httparse::parse_chunk_size(rest).map_err(|_| Failure::Malformed)?;
        let httparse::Status::Complete((line, size)) = size else { return Ok(None) };
        if size == 0 {
            // The last size line's own line break begins the empty line when no trailer follows.
            let tail = at + line - 2;
            let end = bytes[tail..].windows(4).position(|four| four == b"\r\n\r\n");
            return Ok(end.map(|end| tail + end + 4));
        }
        let size = usize::try_from(size).map_err(|_| Failure::Malformed)?;
        at = at.saturating_add(line).saturating_add(size).saturating_add(2);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, want: Option<(u16, Framing, bool)>) {
        let head = Head::parse(answer.as_bytes()).unwrap();
        assert_eq!(head.map(|head| (head.status, head.framing, head.reusable)), want, "{answer}");
    }

    #[test]
    fn heads() {
        use Framing::{Chunked, Length, ToClose};
        check("HTTP/1.1 202 Accepted\r\nContent-Le", None);
        check("HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\n", Some((202, Length(3), true)));
        check("HTTP/1.1 204 No Content\r\n\r\n", Some((204, Length(0), true)));
        check("HTTP/1.1 100 Continue\r\n\r\n", Some((100, Length(0), true)));
        check("HTTP/1.1 200 OK\r\n\r\n", Some((200, ToClose, false)));
        check("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n", Some((200, Length(1), false)));
        check(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: Chunked\r\n\r\n",
            Some((200, Chunked, false)),
        );
        assert_eq!(Head::parse(b"SSH-2.0-x\r\n\r\n"), Err(Failure::Malformed));
    }

    #[test]
    fn chunked_bodies_end_where_they_end() {
        for body in ["0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "3\r\n0\r\n\r\n0\r\nx: y\r\n\r\n"] {
            let bytes = format!("{body}rest");
            let want = body.len();
            assert_eq!(chunks_end(bytes.as_bytes()), Ok(Some(want)), "{body}");
            for cut in 0..want {
                assert_eq!(chunks_end(&bytes.as_bytes()[..cut]), Ok(None), "{body} cut at {cut}");
            }
        }
        assert_eq!(chunks_end(b"xyz\r\n"), Err(Failure::Malformed));
    }
}
