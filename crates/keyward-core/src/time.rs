//! Points in time and spans, as they come in through [`crate::port::Clock`].

use std::time::Duration;

use jiff::{
    Timestamp as Instant,
    fmt::{rfc2822, temporal::DateTimePrinter},
};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch (a JWT's `NumericDate`, RFC 7519 §2).
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This moment and `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// ISO 8601 with milliseconds and `Z`, as JavaScript's `Date.toISOString` writes it.
    #[must_use]
    pub fn iso(self) -> String {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        PRINTER.timestamp_to_string(&self.instant())
    }

    /// The date of an HTTP header or cookie (RFC 9110 §5.6.7), `Sun, 06 Nov 1994 08:49:37 GMT`.
    #[must_use]
    pub fn http_date(self) -> String {
        const PRINTER: rfc2822::DateTimePrinter = rfc2822::DateTimePrinter::new();
        PRINTER.timestamp_to_rfc9110_string(&self.instant()).unwrap_or_else(|_| EPOCH.to_owned())
    }

    fn instant(self) -> Instant {
        // Out of jiff's range (year 9999) only by an absurd configuration; the nearest end is as good.
        Instant::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Instant::MIN } else { Instant::MAX })
    }
}

/// Stands for moments before the year 0, which the format cannot write.
const EPOCH: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_as_javascript_and_http_write_it() {
        let at = Timestamp::from_millis(784_111_777_019);
        assert_eq!(at.iso(), "1994-11-06T08:49:37.019Z");
        assert_eq!(at.http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(Timestamp::from_secs(0).iso(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn lesson_84_absurd_spans_saturate() {
        let far = Timestamp::from_millis(i64::MAX).plus(Duration::MAX);
        assert_eq!(far.millis(), i64::MAX);
        assert!(far.iso().ends_with('Z'));
        assert!(far.http_date().ends_with(" 9999 22:00:00 GMT"), "{}", far.http_date());
        assert_eq!(Timestamp::from_millis(i64::MIN).http_date(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
