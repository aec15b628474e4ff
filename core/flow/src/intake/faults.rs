//! Faults that no mapping finds, in the same shape as those it does.

use luotsi_mapping::Fault;

fn fault(code: &'static str, at: &str, field: Option<&str>, why: &str) -> Fault {
    let field = field.map(str::to_owned);
    Fault { code, at: at.to_owned(), field, line: 0, column: 0, why: why.to_owned() }
}

pub(super) fn unknown_document() -> Fault {
    fault(
        "unknown-document",
        "",
        None,
        "no mapping of this connection knows a document of this form",
    )
}

pub(super) fn plan_by_the_way() -> Fault {
    let why = "a plan is written with its version: POST or PUT it to /fhir/R4/CarePlan";
    fault("unknown-document", "", None, why)
}

pub(super) fn no_plan() -> Fault {
    fault("unknown-document", "", None, "only a plan is written here: send a CarePlan")
}

/// A field of the record that does not hold.
pub(super) fn field(code: &'static str, field: &str, why: &str) -> Fault {
    fault(code, "", Some(field), why)
}
