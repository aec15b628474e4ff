//! A request rendered once; only its ids are written anew for each message.

use std::fs;

use crate::{
    error::Error,
    options::LoadOptions,
    people::{digits, hetu},
    target::Target,
};

const REFERRAL: &str = include_str!("../templates/lahete.xml");
const CONSENT: &str = include_str!("../templates/suostumus.xml");
const ID: &str = "{id}";
const HETU: &str = "{hetu}";
const LANE: &str = "{lane}";
const NUMBER_DIGITS: usize = 8;
const LANE_DIGITS: usize = 2;

/// A request's head and body with the places of the ids in it. Ids, identity codes and lanes have fixed
/// widths, so `content-length` holds for every message.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    numbers: Vec<usize>,
    hetus: Vec<usize>,
    lanes: Vec<usize>,
}

impl Request {
    /// A POST of `body` with `{id}`, `{hetu}` and `{lane}` in it. `headers` are whole lines, ended by CRLF.
    #[must_use]
    pub fn new(target: &Target, headers: &str, body: &str, prefix: &str) -> Self {
        let id = format!("{prefix}-{}", "0".repeat(NUMBER_DIGITS));
        let mut rendered =
            Self { bytes: Vec::new(), numbers: Vec::new(), hetus: Vec::new(), lanes: Vec::new() };
        rendered.render(body, &id);
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\n{headers}content-length: {}\r\n\r\n",
            target.path,
            target.authority,
            rendered.bytes.len()
        );
        rendered.prepend(head.as_bytes());
        rendered
    }

    /// The referral, or the body file given.
    ///
    /// # Errors
    /// [`Error`] on an unreadable file, a body without `{id}`, or a header that is none.
    pub fn message(options: &LoadOptions, target: &Target, prefix: &str) -> Result<Self, Error> {
        let body = match &options.body {
            Some(path) => fs::read_to_string(path)
                .map_err(|why| Error::file("reading the body", path, why))?,
            None => REFERRAL.to_owned(),
        };
        if !body.contains(ID) {
            let why = "holds no {id}, so no message could be told from another".to_owned();
            return Err(Error::Option { option: "--body", why });
        }
        Ok(Self::new(target, &headers(options)?, &body, prefix))
    }

    /// The consent of a client to everything.
    ///
    /// # Errors
    /// [`Error`] on a header that is none.
    pub fn consent(options: &LoadOptions, target: &Target, prefix: &str) -> Result<Self, Error> {
        Ok(Self::new(target, &headers(options)?, CONSENT, prefix))
    }

    /// The request as message `number` of client `client` for lane `lane`.
    pub fn address(&mut self, number: u32, client: u32, lane: u32) -> &[u8] {
        let hetu = hetu(client);
        for at in &self.numbers {
            digits(&mut self.bytes[*at..at + NUMBER_DIGITS], number);
        }
        for at in &self.hetus {
            self.bytes[*at..at + hetu.len()].copy_from_slice(&hetu);
        }
        for at in &self.lanes {
            digits(&mut self.bytes[*at..at + LANE_DIGITS], lane);
        }
        &self.bytes
    }

    fn render(&mut self, body: &str, id: &str) {
        let mut rest = body;
        while let Some(at) = rest.find('{') {
            self.bytes.extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at..];
            rest = if let Some(after) = rest.strip_prefix(ID) {
                self.bytes.extend_from_slice(id.as_bytes());
                self.numbers.push(self.bytes.len() - NUMBER_DIGITS);
                after
            } else if let Some(after) = rest.strip_prefix(HETU) {
                self.hetus.push(self.bytes.len());
                self.bytes.extend_from_slice(&hetu(0));
                after
            } else if let Some(after) = rest.strip_prefix(LANE) {
                self.lanes.push(self.bytes.len());
                self.bytes.extend_from_slice(&[b'0'; LANE_DIGITS]);
                after
            } else {
                self.bytes.push(b'{');
                &rest[1..]
            };
        }
        self.bytes.extend_from_slice(rest.as_bytes());
    }

    fn prepend(&mut self, head: &[u8]) {
        self.bytes.splice(..0, head.iter().copied());
        let places = self.numbers.iter_mut().chain(&mut self.hetus).chain(&mut self.lanes);
        places.for_each(|at| *at += head.len());
    }
}

/// The number in an id made with `prefix`.
#[must_use]
pub fn number(id: &str, prefix: &str) -> Option<u32> {
    let digits = id.strip_prefix(prefix)?.strip_prefix('-')?;
    (digits.len() == NUMBER_DIGITS).then(|| digits.parse().ok()).flatten()
}

fn headers(options: &LoadOptions) -> Result<String, Error> {
    let mut lines = String::new();
    line(&mut lines, "--content-type", &format!("content-type: {}", options.content_type))?;
    if let Some(token) = token(options)? {
        line(&mut lines, "--token", &format!("authorization: Bearer {token}"))?;
    }
    options.headers.iter().try_for_each(|header| line(&mut lines, "--header", header))?;
    Ok(lines)
}

fn token(options: &LoadOptions) -> Result<Option<String>, Error> {
    let Some(path) = &options.token_file else { return Ok(options.token.clone()) };
    let text = fs::read_to_string(path);
    let text = text.map_err(|why| Error::file("reading the token", path, why))?;
    Ok(Some(text.trim().to_owned()))
}

/// Never shows the header: it may be a secret.
fn line(lines: &mut String, option: &'static str, header: &str) -> Result<(), Error> {
    let plain = header.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !plain || !header.contains(": ") {
        let why = "must be one line of printable ASCII, `Name: value`".to_owned();
        return Err(Error::Option { option, why });
    }
    lines.push_str(header);
    lines.push_str("\r\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_in_place() {
        let target = Target::parse("http://127.0.0.1:1/in?x=1").unwrap();
        let body = r#"{"a":"{id}","b":"{hetu}","c":{"d":"{id} {idle}"},"e":"{lane}"}"#;
        let mut request = Request::new(&target, "x: y\r\n", body, "b");
        request.address(99_999_999, 7, 49);
        let text = String::from_utf8(request.address(42, 1, 7).to_vec()).unwrap();
        let body = r#"{"a":"b-00000042","b":"020140-900E","c":{"d":"b-00000042 {idle}"},"e":"07"}"#;
        let head = "POST /in?x=1 HTTP/1.1\r\nhost: 127.0.0.1:1\r\nx: y\r\n";
        assert_eq!(text, format!("{head}content-length: {}\r\n\r\n{body}", body.len()));
    }

    #[test]
    fn numbers_are_read_back() {
        assert_eq!(number("b-00000042", "b"), Some(42));
        for foreign in ["b-S-00000042", "c-00000042", "b-42", "b-+0000042x"] {
            assert_eq!(number(foreign, "b"), None, "{foreign}");
        }
    }
}
