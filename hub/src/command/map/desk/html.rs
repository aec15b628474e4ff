//! Text as HTML.

/// Text in an element or a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A path or a field's name, that breaks between its steps and not within them.
pub(super) fn steps(path: &str) -> String {
    escape(path).replace('/', "/<wbr>").replace('.', ".<wbr>")
}

/// The choices of a list, one of them taken.
pub(super) fn options<'o>(names: impl Iterator<Item = &'o str>, taken: &str) -> String {
    let option = |name: &str| {
        let selected = if name == taken { " selected" } else { "" };
        format!("<option{selected}>{}</option>", escape(name))
    };
    names.map(option).collect()
}
