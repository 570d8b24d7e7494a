//! Paths into documents: `a.b[0].c`.

use serde_json::Value;

/// The member of a document at a path; a member whose whole name is the path comes first.
pub(crate) fn member<'v>(document: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(whole) = document.get(path) {
        return Some(whole);
    }
    path.split('.').try_fold(document, |at, step| {
        let (name, places) = step.split_once('[').map_or((step, None), |(name, rest)| (name, Some(rest)));
        let named = if name.is_empty() { at } else { at.get(name)? };
        places.map_or(Some(named), |places| {
            places
                .split('[')
                .try_fold(named, |list, place| list.get(place.strip_suffix(']')?.parse::<usize>().ok()?))
        })
    })
}
