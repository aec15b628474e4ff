//! Writing: a record to a document.

use luotsi_model::Values;

use crate::{Fault, Format, Lossy, Mapping, trace::Write};

mod csv;
mod hl7;
mod json;
mod output;
mod text;
mod xml;

pub(crate) use hl7::is_charset;
pub(crate) use json::quote;
pub(crate) use output::Output;
use text::Source;

/// The first room for a document; it grows where that is too little.
const BYTES_USUAL: usize = 2048;

pub(crate) fn encode<T: Write>(
    mapping: &Mapping,
    values: &Values,
    context: &[(&str, &str)],
    trace: &mut T,
) -> Result<(Vec<u8>, Vec<Lossy>), Fault> {
    let mut source = Source::new(&mapping.schema, context);
    if !mapping.writes {
        return Err(source.fault("unknown-document", "", None, "the mapping only reads documents"));
    }
    for (id, value, _) in &mapping.output.fixed {
        source.fixed(values, *id, value)?;
    }
    let mut out = String::with_capacity(BYTES_USUAL);
    match mapping.format {
        Format::Xml => xml::write(&mapping.output, &mut source, values, &mut out, trace)?,
        Format::Json => json::write(&mapping.output, &mut source, values, &mut out, trace)?,
        Format::Csv(csv) => csv::write(csv, &mapping.output, &source, values, &mut out, trace)?,
        // The compiler lets no mapping of it write.
        Format::Xlsx(_) => {}
        Format::Hl7 => hl7::write(&mapping.output, &source, values, &mut out, trace)?,
    }
    let bytes = match mapping.format {
        Format::Csv(csv) => csv::bytes(csv, out),
        Format::Hl7 => hl7::bytes(&mapping.output, out),
        Format::Xml | Format::Json | Format::Xlsx(_) => out.into_bytes(),
    };
    Ok((bytes, source.into_lossy()))
}
