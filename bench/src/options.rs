//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::account::Match;

/// Measures an HTTP hub: what it acknowledges, what it delivers, how soon, and at what cost.
#[derive(Parser)]
#[command(name = "luotsi-bench", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Sink, load and report in one process: the usual way.
    Run(RunOptions),
    /// Post messages and report; with --sink also what became of them.
    Load(LoadCommand),
    /// Take deliveries and remember their ids until stopped.
    Sink(SinkOptions),
    /// Measure the disk: append 4 KiB and fdatasync, 500 times.
    Fsync(FsyncOptions),
    /// Commit the rows of a hub's messages to PostgreSQL, and pass them through a quorum queue, with no
    /// hub between.
    Bare(BareOptions),
}

/// `run`: both sides.
#[derive(Args)]
pub struct RunOptions {
    /// The posting side.
    #[command(flatten)]
    pub load: LoadOptions,
    /// The receiving side.
    #[command(flatten)]
    pub sink: SinkOptions,
}

/// `load`: the posting side alone.
#[derive(Args)]
pub struct LoadCommand {
    /// The posting side.
    #[command(flatten)]
    pub load: LoadOptions,
    /// Base URL of the sink to ask what arrived, such as http://127.0.0.1:7899.
    #[arg(long)]
    pub sink: Option<String>,
}

/// The posting side.
#[derive(Args)]
pub struct LoadOptions {
    /// Where to post: http://HOST[:PORT]/PATH.
    #[arg(long)]
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    #[arg(long, env = "LUOTSI_BENCH_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// A file holding the token.
    #[arg(long, conflicts_with = "token")]
    pub token_file: Option<PathBuf>,
    /// A further header line, `Name: value`; may be given again.
    #[arg(long = "header")]
    pub headers: Vec<String>,
    /// A body of one's own instead of the 2 KB referral; {id}, {hetu} and {lane} are filled in.
    #[arg(long)]
    pub body: Option<PathBuf>,
    /// The body's media type.
    #[arg(long, default_value = "application/xml")]
    pub content_type: String,
    /// When to stop.
    #[command(flatten)]
    pub length: Length,
    /// Connections, each with one request in flight.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub concurrency: u32,
    /// Open loop: messages a second, whether or not the hub keeps up; latency counts from the
    /// intended send time. Without it the loop is closed.
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Messages posted and delivered before anything is measured.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..50_000_000))]
    pub warmup: u32,
    /// Synthetic clients the messages rotate over.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub clients: u32,
    /// The client that the first message is about, so that several who post at once are not about the same
    /// one at the same time.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..50_000))]
    pub clients_from: u32,
    /// Lanes that the messages rotate over: the last two digits of the postal code, from 00, so that
    /// a region can send each to another destination.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub lanes: u32,
    /// Post the messages of this lane as well, and leave them out of the report.
    #[arg(long)]
    pub leave_out: Option<u32>,
    /// First post a consent (Suostumus) of every client to the same URL.
    #[arg(long)]
    pub consents: bool,
    /// Start of every id; made from the time of day when absent, so that runs do not meet.
    #[arg(long, value_parser = prefix)]
    pub prefix: Option<String>,
    /// Longest wait for one answer.
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
    /// Give up on missing deliveries when nothing new has come for this long.
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub drain: Duration,
    /// How deliveries are told to be of this load.
    #[arg(long = "match", value_enum, default_value_t = Match::Id)]
    pub matched: Match,
    /// The hub's process: its CPU, memory and disk writes go into the report.
    #[arg(long)]
    pub pid: Option<u32>,
    /// Measure the disk under this directory before the load.
    #[arg(long)]
    pub fsync_dir: Option<PathBuf>,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// When to stop: one of the two.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Length {
    /// Messages to post.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..50_000_000))]
    pub count: Option<u32>,
    /// Time to post for, such as 30s.
    #[arg(long, value_parser = duration)]
    pub duration: Option<Duration>,
}

/// The receiving side.
#[derive(Args)]
pub struct SinkOptions {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:7899")]
    pub listen: SocketAddr,
    /// JSON members that may hold the id, the first one found counts. The id ends at a quote or
    /// white space, so it may begin a longer text.
    #[arg(long = "id-key", value_delimiter = ',', default_value = "reference,need")]
    pub id_keys: Vec<String>,
    /// Status of an answer to a delivery taken.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..300))]
    pub answer: u16,
    /// Wait before answering, such as 5ms.
    #[arg(long, default_value = "0s", value_parser = duration)]
    pub delay: Duration,
    /// Refuse deliveries with this status; they do not count as arrived.
    #[arg(long, conflicts_with = "hang", value_parser = clap::value_parser!(u16).range(300..600))]
    pub refuse: Option<u16>,
    /// Never answer; such deliveries do not count as arrived.
    #[arg(long)]
    pub hang: bool,
    /// The share of deliveries that --refuse or --hang meets, evenly spread.
    #[arg(long, default_value_t = 1.0, value_parser = share)]
    pub share: f64,
}

/// `fsync`.
#[derive(Args)]
pub struct FsyncOptions {
    /// A directory on the disk to measure.
    #[arg(long, default_value = ".")]
    pub dir: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `bare`.
#[derive(Args)]
pub struct BareOptions {
    /// postgres://USER:PASSWORD@HOST/DATABASE; tables bare_… are made in it, and made anew each time.
    #[arg(long, env = "LUOTSI_BENCH_DATABASE", hide_env_values = true)]
    pub database: String,
    /// amqp://USER:PASSWORD@HOST; without it nothing is published.
    #[arg(long, env = "LUOTSI_BENCH_AMQP", hide_env_values = true)]
    pub amqp: Option<String>,
    /// Messages measured.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..10_000_000))]
    pub count: u32,
    /// Messages before anything is measured.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(..10_000_000))]
    pub warmup: u32,
    /// Messages under way at once.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub concurrency: u32,
    /// Commits for each message: 3, as a hub makes them, or everything in 1.
    #[arg(long, default_value_t = 3, value_parser = commits)]
    pub commits: u8,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// How to print.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// For reading.
    Human,
    /// One JSON object.
    Json,
}

fn duration(text: &str) -> Result<Duration, String> {
    let read: SignedDuration = text.parse().map_err(|why: jiff::Error| why.to_string())?;
    Duration::try_from(read).map_err(|_| "must not be negative".to_owned())
}

fn commits(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|commits| [1, 3].contains(commits))
        .ok_or_else(|| "must be 1 or 3".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, |rate| (0.01..=1_000_000.0).contains(&rate), "0.01 to 1000000 a second")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |share| (0.0..=1.0).contains(&share), "0 to 1")
}

fn number(text: &str, fits: fn(f64) -> bool, range: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number| fits(*number)).ok_or_else(|| format!("must be {range}"))
}

/// Letters, digits and `-`: the id must stand unescaped in XML and JSON alike.
fn prefix(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain && (1..=32).contains(&text.len()) && !text.starts_with('-') {
        return Ok(text.to_owned());
    }
    Err("must be 1 to 32 ASCII letters, digits or `-`, and not begin with `-`".to_owned())
}
