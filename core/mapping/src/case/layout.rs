//! Wanted files as a person reads them.

use crate::Format;

/// One leaf a line, so that a diff shows what changed. JSON keeps its members' order; other formats
/// stay as they were written, but for the last line's end.
pub fn laid_out(bytes: &[u8], format: Format) -> Vec<u8> {
    match format {
        Format::Xml => {
            let end: &[u8] = if bytes.ends_with(b"\n") { b"" } else { b"\n" };
            return [bytes, end].concat();
        }
        // Segments end in CR; in a file kept under version control, in LF.
        Format::Hl7 => return String::from_utf8_lossy(bytes).replace('\r', "\n").into_bytes(),
        Format::Json => {}
        _ => return bytes.to_owned(),
    }
    let (mut out, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    let end = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    for &byte in bytes.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        match byte {
            b'{' | b'[' if !quoted => {
                depth += 1;
                out.push(byte);
                end(&mut out, depth);
            }
            b'}' | b']' if !quoted => {
                depth -= 1;
                if matches!(out.trim_ascii_end().last(), Some(b'{' | b'[')) {
                    out.truncate(out.trim_ascii_end().len());
                } else {
                    end(&mut out, depth);
                }
                out.push(byte);
            }
            b',' if !quoted => {
                out.push(byte);
                end(&mut out, depth);
            }
            b':' if !quoted => out.extend_from_slice(b": "),
            b' ' if !quoted => {}
            _ => out.push(byte),
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
    }
    out.push(b'\n');
    out
}
