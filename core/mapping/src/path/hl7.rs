//! Paths into HL7 v2: `PID-3[5=HETU].1`, `OBX[3.1=8302-2]-5`, and within a group's rows what is left
//! of them: `5.1`, `1`, `.`.

use super::{Path, Select, Step, split};
use crate::document::is_segment;

/// Segment, field, component, subcomponent.
const LEVELS: usize = 4;
const NUMBER_MAX: u32 = 999;
const FIRST: &str = "1";

/// A path that starts at that level. A place of a value goes all the way down: what is not said is
/// the first.
pub(super) fn parse(text: &str, level: usize, is_value: bool) -> Result<Path, String> {
    let mut steps = Vec::new();
    if text != "." {
        for (at, part) in split(text, &['-', '.'])?.into_iter().enumerate() {
            steps.push(step(part, level + at)?);
        }
        check_joints(text, level)?;
    }
    if level + steps.len() > LEVELS {
        return Err("nothing stands below a subcomponent".into());
    }
    if is_value && level + steps.len() < 2 {
        return Err("a segment is no value: name one of its fields".into());
    }
    while is_value && level + steps.len() < LEVELS {
        steps.push(plain(FIRST));
    }
    Ok(Path { steps, written: Some((text.into(), level)) })
}

/// The path with the indexes of its selectors and without their values.
pub(super) fn without_values(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('[').enumerate() {
        match part.split_once(']') {
            Some((selector, rest)) if at > 0 && selector.contains('=') => out.push_str(rest),
            Some(_) if at > 0 => out.extend(["[", part]),
            _ => out.push_str(part),
        }
    }
    out
}

fn plain(name: &str) -> Step {
    Step { name: name.into(), is_attribute: false, select: Select::Any }
}

fn step(part: &str, level: usize) -> Result<Step, String> {
    let (name, selector) = match part.split_once('[') {
        Some((name, rest)) => match rest.strip_suffix(']') {
            Some(selector) => (name, Some(selector)),
            None => return Err("something stands after a ]".into()),
        },
        None => (part, None),
    };
    match level {
        0 if !is_segment(name) => return Err("a path begins with a segment, like PID-3".into()),
        0 => {}
        _ if !is_number(name) => return Err("fields and components are numbers from 1".into()),
        _ => {}
    }
    if level > 1 && selector.is_some() {
        return Err("only segments and fields repeat: a component takes no selector".into());
    }
    let select = selector.map_or(Ok(Select::Any), |text| select(text, level))?;
    Ok(Step { select, ..plain(name) })
}

/// A dash stands after the segment, dots after that.
fn check_joints(text: &str, level: usize) -> Result<(), String> {
    let (mut is_inside, mut joints) = (false, Vec::new());
    for c in text.chars() {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            '-' | '.' if !is_inside => joints.push(c),
            _ => {}
        }
    }
    let fits = joints.iter().enumerate().all(|(at, c)| (*c == '-') == (level + at == 0));
    if fits { Ok(()) } else { Err("a dash stands after the segment and dots after that".into()) }
}

fn select(text: &str, level: usize) -> Result<Select, String> {
    let Some((key, value)) = text.split_once('=') else {
        let index = text.parse().map_err(|_| "a selector is [number] or [component=value]")?;
        return Ok(Select::Index(index));
    };
    if value.is_empty() {
        return Err("a selector's value is empty".into());
    }
    let mut names: Vec<&str> = key.split('.').collect();
    if !names.iter().all(|name| is_number(name)) || level + 1 + names.len() > LEVELS {
        return Err("a selector's key is a field or component, like 5 or 3.1".into());
    }
    names.resize(LEVELS - level - 1, FIRST);
    Ok(Select::Where { key: names.join("/").into(), is_attribute: false, value: value.into() })
}

fn is_number(name: &str) -> bool {
    let number = name.parse::<u32>().ok().filter(|_| !name.starts_with(['0', '+']));
    number.is_some_and(|number| number <= NUMBER_MAX)
}
