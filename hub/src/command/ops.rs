//! The hub's ops API, for the commands that ask a running hub.

mod answers;

use std::{future::Future, path::PathBuf, process::ExitCode, time::Duration};

use luotsi_model::Sensitive;
use serde_json::Value;

use super::{Exit, Failure, Format};

pub(crate) use answers::{
    Delivery, Disclosure, Heard, Journey, Load, Report, Step, Use, Wanted, Why,
};

/// The environment variable that holds the token, where it is not in the data folder.
const TOKEN: &str = "LUOTSI_OPS_TOKEN";
/// The file of the data folder that holds the token.
const TOKEN_FILE: &str = "ops.token";
/// No answer of the ops API takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the hub is, and where its token lies.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The hub's ops address
    #[arg(
        long = "ops",
        value_name = "URL",
        env = "LUOTSI_OPS_URL",
        default_value = "http://127.0.0.1:7801"
    )]
    url: String,
    /// The hub's data folder, whose ops.token lets this command in; LUOTSI_OPS_TOKEN goes before it
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA", default_value = "luotsi-data")]
    data: PathBuf,
}

/// A running hub's ops API.
#[derive(Clone, Debug)]
pub(crate) struct Ops {
    http: reqwest::Client,
    url: String,
    token: Sensitive<String>,
}

impl Ops {
    /// Reads the token; asks nothing yet.
    pub(crate) fn open(args: &Args) -> Result<Self, Failure> {
        Self::at(&args.url, token(&args.data)?)
    }

    /// For what is told to anybody, and needs no token.
    pub(crate) fn unnamed(args: &Args) -> Result<Self, Failure> {
        Self::at(&args.url, Sensitive::new(String::new()))
    }

    /// The hub at `url`.
    pub(crate) fn at(url: &str, token: Sensitive<String>) -> Result<Self, Failure> {
        let url = url.trim_end_matches('/').to_owned();
        if reqwest::Url::parse(&url).is_err() {
            return Err(Failure::new(Exit::Usage, "the ops address is no URL")
                .mend("write it whole, as in --ops http://127.0.0.1:7801"));
        }
        // The ops listener is not for the public, so no proxy stands between.
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        let http = http.map_err(|error| {
            Failure::new(Exit::Usage, "no HTTP client can be made").why(error.to_string())
        })?;
        Ok(Self { http, url, token })
    }

    /// Asks. `path` begins with `/`; `query` is encoded here.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.answer(self.http.get(self.place(path, query)?)).await
    }

    /// Asks without a token, and takes whatever it answers: the status, and the body.
    pub(crate) async fn asked(&self, path: &str) -> Result<(u16, Value), Failure> {
        let sent = self.http.get(self.place(path, &[])?).send().await;
        let response = sent.map_err(|error| self.unreached(&error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| self.unreached(&error))?;
        Ok((status, serde_json::from_slice(&body).map_err(|error| foreign(&error))?))
    }

    /// Tells.
    pub(crate) async fn post(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let request = self.http.post(self.place(path, query)?);
        self.answer(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    fn place(&self, path: &str, query: &[(&str, &str)]) -> Result<reqwest::Url, Failure> {
        let mut url = reqwest::Url::parse(&format!("{}{path}", self.url))
            .map_err(|error| Failure::new(Exit::Usage, "no such address").why(error.to_string()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let sent = request.bearer_auth(self.token.reveal()).send().await;
        let response = sent.map_err(|error| self.unreached(&error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| self.unreached(&error))?;
        if (200..300).contains(&status) {
            return serde_json::from_slice(&body).map_err(|error| foreign(&error));
        }
        Err(refused(status, &serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn unreached(&self, error: &reqwest::Error) -> Failure {
        let why = if error.is_timeout() {
            "it did not answer in time"
        } else if error.is_connect() {
            "nothing answers there"
        } else {
            "the connection broke"
        };
        Failure::new(Exit::Unreachable, format!("no hub can be reached at {}", self.url))
            .why(why)
            .mend("start it with `luotsi serve`, or name its ops address with --ops or LUOTSI_OPS_URL")
    }
}

/// Runs a command that asks a hub, to its end.
pub(crate) fn run(
    format: Format,
    command: impl Future<Output = Result<Exit, Failure>>,
) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Usage, "the command cannot be run").why(error.to_string())
    });
    Exit::of(runtime.and_then(|runtime| runtime.block_on(command)), format)
}

/// Takes an answer as the type it should be of.
pub(crate) fn read<T: serde::de::DeserializeOwned>(answer: &Value) -> Result<T, Failure> {
    T::deserialize(answer).map_err(|error| foreign(&error))
}

fn foreign(error: &serde_json::Error) -> Failure {
    Failure::new(Exit::Unreachable, "the hub's answer cannot be read")
        .why(format!("it is not of the form that this version of the command knows: {error}"))
        .mend("use the command of the hub's own version")
}

fn token(data: &std::path::Path) -> Result<Sensitive<String>, Failure> {
    if let Ok(token) = std::env::var(TOKEN) {
        return Ok(Sensitive::new(token));
    }
    let file = data.join(TOKEN_FILE);
    let text = std::fs::read_to_string(&file).map_err(|error| {
        Failure::new(Exit::Usage, "there is no token for the hub's ops API")
            .why(format!("{} cannot be read: {}", file.display(), error.kind()))
            .mend(format!("name the hub's data folder with --data, or set {TOKEN}"))
    })?;
    Ok(Sensitive::new(text.trim().to_owned()))
}

/// A refusal of the hub, in its own words where it gave some.
fn refused(status: u16, problem: &Value) -> Failure {
    let words = |key| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    let title = if words("title").is_empty() { "the hub refuses" } else { words("title") };
    let (exit, mend) = match status {
        401 | 403 => {
            return Failure::new(Exit::Usage, "the hub does not know this token")
                .why("every data folder has a token of its own")
                .mend(format!("name this hub's data folder with --data, or set {TOKEN}"));
        }
        404 => {
            (Exit::Findings, "look the message's id up in the sender's receipt or the hub's log")
        }
        409 => (Exit::Findings, ""),
        400..=499 => (Exit::Usage, "see --help"),
        _ => (Exit::Unreachable, "see the hub's log, then try again"),
    };
    let why = if words("detail").is_empty() {
        format!("it answered with status {status}")
    } else {
        words("detail").to_owned()
    };
    Failure::new(exit, title).why(why).mend(mend)
}
