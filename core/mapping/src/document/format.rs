//! The document formats, and what of each is the sender's choice.

/// A document format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// XML 1.0 with namespaces.
    Xml,
    /// JSON, RFC 8259.
    Json,
    /// CSV, RFC 4180, and what is parted by other characters: a row is a record.
    Csv(Csv),
    /// The rows of a workbook's sheet (Office Open XML); only read.
    Xlsx(Columns),
    /// HL7 v2 with bars and hats (ER7).
    Hl7,
}

/// How a CSV file is written: the file itself does not say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Csv {
    /// What parts the cells: `,`, `;`, `|` or a tab.
    pub delimiter: char,
    /// How columns are told apart.
    pub columns: Columns,
    /// How text is made of bytes.
    pub encoding: Encoding,
}

/// How the columns of a table are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Columns {
    /// By the first row.
    Named,
    /// By their number, from 1.
    Numbered,
}

/// How text is made of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8; a byte order mark is read over.
    Utf8,
    /// UTF-8, written with a byte order mark: some spreadsheet programs know it by that alone.
    Utf8Marked,
    /// ISO-8859-1. The bytes 80 to 9F are no text in it.
    Latin1,
}

impl Format {
    /// The name in mapping files and connections.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Csv(_) => "csv",
            Self::Hl7 => "hl7v2",
            Self::Xlsx(_) => "xlsx",
        }
    }

    /// The media type that a document is sent with, and its charset where that is not for the
    /// document to say.
    pub const fn media_type(&self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
            Self::Csv(Csv { encoding: Encoding::Latin1, delimiter: '\t', .. }) => {
                "text/tab-separated-values; charset=iso-8859-1"
            }
            Self::Csv(Csv { encoding: Encoding::Latin1, .. }) => "text/csv; charset=iso-8859-1",
            Self::Csv(Csv { delimiter: '\t', .. }) => "text/tab-separated-values; charset=utf-8",
            Self::Csv(_) => "text/csv; charset=utf-8",
            Self::Hl7 => "application/hl7-v2",
            Self::Xlsx(_) => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Whether a document of this format is a table, whose rows are records.
    pub(crate) const fn is_table(&self) -> bool {
        matches!(self, Self::Csv(_) | Self::Xlsx(_))
    }
}
