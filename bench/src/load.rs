//! The whole measurement, step by step.

use std::time::Duration;

use crate::{
    account::Account,
    error::Error,
    fsync,
    observer::Observer,
    options::LoadOptions,
    process::Meter,
    report::{Answers, Report, list},
    request::Request,
    spread::Spread,
    target::Target,
    volley::{Course, Shot, Volley},
    wall_us,
};

/// The number in an id has eight digits; the warm-up's come before the load's.
const COUNT_MAX: u32 = 49_999_999;

/// Posts the load, waits for its deliveries at `sink`, and tells what came of it.
///
/// # Errors
/// [`Error`] when an option does not hold, the hub or the sink cannot be reached, or a consent is
/// refused. Messages that fail are no error: they are what is measured.
pub async fn measure(options: &LoadOptions, sink: Option<Target>) -> Result<Report, Error> {
    let load = Load::new(options, sink).await?;
    let fsync = options.fsync_dir.as_deref().map(fsync::measure).transpose()?;
    load.post_consents().await?;
    load.warm_up().await?;
    let meters = Meters::start(options.pid)?;
    let shots = load.counted(load.volley.shoot(load.course()).await?);
    let delivery = load.settle(&shots).await?;
    load.report(&shots, delivery, &meters, fsync).await
}

struct Load<'o> {
    options: &'o LoadOptions,
    prefix: String,
    sink: Option<Observer>,
    volley: Volley,
}

impl<'o> Load<'o> {
    async fn new(options: &'o LoadOptions, sink: Option<Target>) -> Result<Self, Error> {
        let target = Target::parse(&options.url)?;
        let prefix = options.prefix.clone().unwrap_or_else(|| format!("b{:x}", wall_us()));
        let sink = sink.map(Observer::new);
        let volley = Volley {
            request: Request::message(options, &target, &prefix)?,
            target,
            first: options.warmup,
            clients: options.clients,
            clients_from: options.clients_from,
            lanes: options.lanes,
            connections: options.concurrency,
            timeout: options.timeout,
        };
        Ok(Self { options, prefix, sink, volley })
    }

    async fn post_consents(&self) -> Result<(), Error> {
        if !self.options.consents {
            return Ok(());
        }
        // No number follows the prefix at once, so a consent is never taken for a message.
        let prefix = format!("{}-S", self.prefix);
        let request = Request::consent(self.options, &self.volley.target, &prefix)?;
        let volley = Volley { request, first: 0, ..self.volley.clone() };
        let shots = volley.shoot(closed(self.options.clients)).await?;
        let Answers { posted, acked, errors, .. } = Answers::of(&shots);
        match posted - acked {
            0 => Ok(()),
            refused => Err(Error::Consents { posted, refused, outcomes: list(&errors) }),
        }
    }

    async fn warm_up(&self) -> Result<(), Error> {
        if self.options.warmup == 0 {
            return Ok(());
        }
        let volley = Volley { first: 0, ..self.volley.clone() };
        let shots = self.counted(volley.shoot(closed(self.options.warmup)).await?);
        self.settle(&shots).await.map(drop)
    }

    /// Those that the report is about.
    fn counted(&self, mut shots: Vec<Shot>) -> Vec<Shot> {
        let lane = |shot: &Shot| shot.number % self.options.lanes;
        shots.retain(|shot| self.options.leave_out != Some(lane(shot)));
        shots
    }

    fn course(&self) -> Course {
        let LoadOptions { length, rate, .. } = self.options;
        let due = |time: Duration| (rate.unwrap_or(f64::MAX) * time.as_secs_f64()).ceil() as u32;
        let count = length.count.or(length.duration.map(due)).unwrap_or(COUNT_MAX);
        Course { count: count.min(COUNT_MAX), duration: length.duration, rate: *rate }
    }

    /// Waits until all that was acknowledged has arrived, or nothing new comes; `None` without a
    /// sink. Other ids may come meanwhile, hence the account anew whenever the number would do.
    async fn settle(&self, shots: &[Shot]) -> Result<Option<Account>, Error> {
        let Some(sink) = &self.sink else { return Ok(None) };
        let mut stalled = false;
        loop {
            let arrivals = sink.arrivals().await?;
            let account = Account::of(shots, &arrivals, &self.prefix, self.options.matched);
            if account.lost == 0 || stalled {
                return Ok(Some(account));
            }
            let goal = arrivals.len() as u64 + account.lost;
            stalled = !sink.reached(goal, self.options.drain).await?;
        }
    }

    async fn report(
        &self,
        shots: &[Shot],
        delivery: Option<Account>,
        meters: &Meters,
        fsync: Option<Spread>,
    ) -> Result<Report, Error> {
        let answers = Answers::of(shots);
        let sink = match &self.sink {
            Some(sink) => Some(sink.stats().await?),
            None => None,
        };
        Ok(Report {
            url: self.options.url.clone(),
            concurrency: self.options.concurrency,
            rate: self.options.rate,
            hub: meters.hub.as_ref().and_then(|meter| meter.stop(answers.acked)),
            bench: meters.bench.stop(answers.acked),
            answers,
            delivery,
            sink,
            fsync,
        })
    }
}

struct Meters {
    hub: Option<Meter>,
    bench: Meter,
}

impl Meters {
    fn start(hub: Option<u32>) -> Result<Self, Error> {
        let hub = hub.map(Meter::start).transpose()?;
        Ok(Self { hub, bench: Meter::start(std::process::id())? })
    }
}

const fn closed(count: u32) -> Course {
    Course { count, duration: None, rate: None }
}
