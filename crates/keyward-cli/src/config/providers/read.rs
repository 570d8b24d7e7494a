//! The tables of `[[providers]]`, each read as what its `type` says.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::{Provider, TYPES};
use crate::{config::wording, fault::Fault};

/// Reads a table into its shape; `None` where there was a mistake, which is noted.
pub(in crate::config) trait Reader {
    /// As `T`.
    fn shape<T: DeserializeOwned>(&mut self, table: Spanned<DeTable<'_>>) -> Option<T>;

    /// Notes a mistake.
    fn fault(&mut self, fault: Fault, at: Range<usize>);
}

/// Takes the list's items out of the file, if it is a list, and leaves an empty one.
pub(in crate::config) fn take<'t>(root: &mut DeTable<'t>) -> DeArray<'t> {
    match root.get_mut("providers").map(Spanned::get_mut) {
        Some(DeValue::Array(items)) => std::mem::replace(items, DeArray::new()),
        _ => DeArray::new(),
    }
}

impl Provider {
    /// What this item of the list is.
    pub(in crate::config) fn read(item: Spanned<DeValue<'_>>, reader: &mut impl Reader) -> Option<Self> {
        let span = item.span();
        let DeValue::Table(table) = item.into_inner() else {
            reader
                .fault(Fault::new("expected a table").remedy("write [[providers]] above its settings"), span);
            return None;
        };
        let Some(kind) = table.get("type") else {
            let remedy = format!("add `type = …`: {}", TYPES.join(", "));
            reader.fault(Fault::new("`type` is missing here").remedy(remedy), span);
            return None;
        };
        let (kind, kind_span) = (kind.get_ref().as_str().map(str::to_owned), kind.span());
        let table = Spanned::new(span, table);
        match kind.as_deref() {
            Some("backend") => reader.shape(table).map(|table| Self::Backend(Box::new(table))),
            Some("oauth" | "oidc") => reader.shape(table).map(|table| Self::Redirect(Box::new(table))),
            Some("email") => reader.shape(table).map(|table| Self::Email(Box::new(table))),
            _ => {
                reader.fault(wording::no_choice(&TYPES), kind_span);
                None
            }
        }
    }
}
