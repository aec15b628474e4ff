//! The broker, and what hubs declare at it.

use luotsi_bus::broker::{Finding, inspect};
use luotsi_model::Diagnostic;
use luotsi_region::Region;

use super::{Asked, error};
use crate::settings::Settings;

pub(super) const UNREACHED: &str = "LU310";

pub(super) async fn ask(settings: &Settings, region: Option<&Region>, asked: &mut Asked) {
    let broker = match settings.broker() {
        Ok(None) => return,
        Ok(Some(broker)) => broker,
        Err(why) => {
            let what = "the broker cannot be asked";
            return asked.findings.push(error(UNREACHED, what).why(why.to_string()));
        }
    };
    asked.whom.push(broker.to_string());
    let connections = region.into_iter().flat_map(|region| region.connections.values());
    let lanes = connections.filter(|connection| connection.delivery.is_some());
    let lanes: Vec<_> = lanes.map(|connection| connection.system.clone()).collect();
    match inspect(&broker, &lanes).await {
        Ok(found) => asked.findings.extend(findings(&broker.to_string(), found)),
        Err(why) => asked.findings.push(
            error(UNREACHED, format!("the broker {broker} cannot be asked"))
                .why(why.to_string())
                .mend("see that it runs, and that bus.url names it with a login that may come in"),
        ),
    }
}

/// What is not there yet is one note: the hubs declare it.
fn findings(broker: &str, found: Vec<Finding>) -> Vec<Diagnostic> {
    let (missing, wrong): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.is_missing);
    let mut findings: Vec<_> = wrong
        .into_iter()
        .map(|Finding { what, why, mend, .. }| {
            error("LU311", format!("{what} at {broker} is not as the hubs declare it"))
                .why(why)
                .mend(mend)
        })
        .collect();
    if !missing.is_empty() {
        let names: Vec<_> = missing.into_iter().map(|missing| missing.what).collect();
        findings.push(
            error("LU312", format!("not all that the hubs use is declared at {broker} yet"))
                .why(format!("not there: {}", names.join(", ")))
                .mend("nothing: `luotsi serve` declares it each time that it connects")
                .note(),
        );
    }
    findings
}
