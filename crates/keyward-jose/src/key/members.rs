//! The members of a key, read strictly and wiped.

use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{KeyError, compact, json};

/// The longest document with keys that is read, in bytes. Honest sets have a few kilobytes.
pub const MAX_DOCUMENT_LEN: usize = 64 * 1024;

/// One key's members. They may be private, so the texts are wiped.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    /// Reads a document that is one object.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, KeyError> {
        if document.len() > MAX_DOCUMENT_LEN {
            return Err(KeyError::TooLarge);
        }
        json::object(document).map(Self).ok_or(KeyError::Malformed)
    }

    /// Takes the objects out of an array.
    pub(crate) fn take_objects(&mut self, name: &str) -> Result<Vec<Self>, KeyError> {
        let Some(Value::Array(items)) = self.0.remove(name) else { return Err(KeyError::Malformed) };
        let object = |item| match item {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(KeyError::Malformed),
        };
        items.into_iter().map(object).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text that need not be there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, KeyError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(KeyError::Malformed),
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, KeyError> {
        self.text(name)?.ok_or(KeyError::Malformed)
    }

    /// Bytes in base64url, which must be there.
    pub(crate) fn bytes(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        compact::decode(self.required(name)?).map(Zeroizing::new).map_err(|_| KeyError::Malformed)
    }

    /// Bytes of one length.
    pub(crate) fn fixed(&self, name: &str, len: usize) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.bytes(name)
            .and_then(|bytes| if bytes.len() == len { Ok(bytes) } else { Err(KeyError::Malformed) })
    }

    /// Whether the key is for signatures, and for this operation, where it says what it is for
    /// (RFC 7517 sections 4.2 and 4.3).
    pub(crate) fn check_use(&self, operation: &str) -> Result<(), KeyError> {
        let for_signatures = self.text("use")?.is_none_or(|purpose| purpose == "sig");
        let for_operation = match self.0.get("key_ops") {
            None => true,
            Some(Value::Array(operations)) => operations.iter().any(|listed| listed == operation),
            Some(_) => return Err(KeyError::Malformed),
        };
        if for_signatures && for_operation { Ok(()) } else { Err(KeyError::Unsupported) }
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}
