//! Values that have a notation of their own: durations, sizes, rates, networks, origins, colours.
//!
//! No message here repeats the value: it may have come out of the environment, and the place in the file is
//! underlined anyway.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use ipnet::IpNet;
use keyward_core::secret::Secret;
use keyward_pages::Colour;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A span of time: whole seconds, or a number with a unit (`"90s"`, `"15m"`, `"12h"`, `"30d"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Duration);

/// A number of bytes: a whole number, or one with a unit (`"512B"`, `"256KiB"`, `"1MiB"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) usize);

/// How often something may happen: `"30/minute"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate(pub(crate) keyward::Rate);

/// A network (`"10.0.0.0/8"`) or a single address (`"10.0.0.1"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) IpNet);

/// Scheme, host and port: `"https://docs.example"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) String);

/// A colour as `"#rgb"` or `"#rrggbb"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint(pub(crate) Colour);

/// A text that is never printed.
#[derive(Clone, Debug)]
pub(crate) struct Hidden(pub(crate) Secret);

impl FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str =
            "this is not a span of time; write seconds, or a number with s, m, h or d, such as \"15m\"";
        let (number, unit) = number_and_unit(text).ok_or(WHAT)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(WHAT),
        };
        Ok(Self(Duration::from_secs(number.checked_mul(seconds).ok_or(WHAT)?)))
    }
}

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str =
            "this is not a size; write bytes, or a number with B, KiB or MiB, such as \"256KiB\"";
        let (number, unit) = number_and_unit(text).ok_or(WHAT)?;
        let bytes = match unit {
            "B" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            _ => return Err(WHAT),
        };
        number.checked_mul(bytes).and_then(|bytes| usize::try_from(bytes).ok()).map(Self).ok_or(WHAT)
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str = "this is not a rate; write how many in which time, such as \"30/minute\" (second, minute, hour, day)";
        text.parse().map(Self).map_err(|_| WHAT)
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alone = || text.parse::<std::net::IpAddr>().map(IpNet::from);
        let parsed = text.parse::<IpNet>().or_else(|_| alone());
        parsed.map(Self).map_err(|_| "this is neither a network nor an address, such as \"10.0.0.0/8\"")
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str =
            "this is not an origin; write scheme, host and port alone, such as \"https://docs.example\"";
        let url = url::Url::parse(text).map_err(|_| WHAT)?;
        let origin = url.origin().ascii_serialization();
        let alone = matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if alone { Ok(Self(origin)) } else { Err(WHAT) }
    }
}

impl FromStr for Paint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Colour::parse(text).map(Self).map_err(|_| "this is not a colour; write \"#rgb\" or \"#rrggbb\"")
    }
}

impl FromStr for Hidden {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Secret::from(text)))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (number, unit) = match seconds {
            s if s > 0 && s % 86_400 == 0 => (s / 86_400, "d"),
            s if s > 0 && s % 3600 == 0 => (s / 3600, "h"),
            s if s > 0 && s % 60 == 0 => (s / 60, "m"),
            s => (s, "s"),
        };
        write!(f, "{number}{unit}")
    }
}

/// A place inside a value, `user.role`, as its steps.
pub(super) fn path(place: &str) -> Vec<String> {
    place.split('.').map(str::to_owned).collect()
}

/// `256KiB` as 256 and `KiB`.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

/// Reads from a text by [`FromStr`], and from a whole number where the notation has a plain unit.
struct Notation<T> {
    expecting: &'static str,
    from_number: Option<fn(u64) -> Option<T>>,
}

impl<T: FromStr<Err = &'static str>> de::Visitor<'_> for Notation<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let read = |from: fn(u64) -> Option<T>| from(u64::try_from(number).ok()?);
        let refused = || E::invalid_type(de::Unexpected::Signed(number), &self.expecting);
        self.from_number.and_then(read).ok_or_else(refused)
    }
}

macro_rules! notation {
    ($($type:ident: $expecting:literal, $schema:tt $(, $from_number:expr)?;)+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let from_number: Option<fn(u64) -> Option<Self>> = [$(Some($from_number as _),)? None][0];
                from.deserialize_any(Notation { expecting: $expecting, from_number })
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

notation! {
    Period: "a span of time such as \"15m\"", {
        "type": ["integer", "string"], "minimum": 0, "pattern": "^([0-9]+ *[smhd]|.*\\$\\{.*)$"
    }, |seconds| Some(Period(Duration::from_secs(seconds)));
    Size: "a size such as \"256KiB\"", {
        "type": ["integer", "string"], "minimum": 0, "pattern": "^([0-9]+ *(B|KiB|MiB)|.*\\$\\{.*)$"
    }, |bytes| usize::try_from(bytes).ok().map(Size);
    Rate: "a rate such as \"30/minute\"", {
        "type": "string", "pattern": "^([0-9]+ */ *(second|minute|hour|day)|.*\\$\\{.*)$"
    };
    Network: "a network such as \"10.0.0.0/8\"", { "type": "string" };
    Origin: "an origin such as \"https://docs.example\"", { "type": "string" };
    Paint: "a colour such as \"#146152\"", {
        "type": "string", "pattern": "^(#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})|.*\\$\\{.*)$"
    };
    // What is `writeOnly` is never shown: not by `keyward check`, nor where a mistake stands beside it.
    Hidden: "a text", { "type": "string", "writeOnly": true };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_sizes_and_rates_have_units() {
        let seconds = |text: &str| text.parse::<Period>().ok().map(|period| period.0.as_secs());
        assert_eq!(["90s", "15m", "12h", "30d"].map(seconds), [90, 900, 43_200, 2_592_000].map(Some));
        for bad in ["", "5", "m", "-5m", "5w", "1.5h", "5m 3s", "99999999999999999999d", "9999999999999999d"]
        {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        let bytes = |text: &str| text.parse::<Size>().ok().map(|size| size.0);
        assert_eq!(["12B", "256KiB", "1 MiB"].map(bytes), [12, 262_144, 1_048_576].map(Some));
        assert_eq!(["1KB", "KiB", "1e3B", "99999999999999999999MiB"].map(bytes), [None; 4]);
        let rate = |text: &str| text.parse::<Rate>().ok().map(|rate| rate.0);
        assert_eq!(rate("5 / day"), keyward::Rate::new(5, Duration::from_secs(86_400)));
        assert_eq!(["0/minute", "x/minute", "3/fortnight", "3", "-1/hour"].map(rate), [None; 5]);
    }

    #[test]
    fn a_span_is_printed_in_its_largest_unit() {
        let print = |seconds| Period(Duration::from_secs(seconds)).to_string();
        assert_eq!([0, 90, 900, 43_200, 2_592_000].map(print), ["0s", "90s", "15m", "12h", "30d"]);
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_alone() {
        let origin = |text: &str| text.parse::<Origin>().ok().map(|origin| origin.0);
        assert_eq!(origin("https://Docs.example/").as_deref(), Some("https://docs.example"));
        for bad in ["docs.example", "https://a.b/x", "https://u@a.b", "ftp://a.b", "https://a.b?x", "*"] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
