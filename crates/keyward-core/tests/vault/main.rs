//! Foreign tokens kept fresh by several processes on one store, with a store and a back end that fail.

mod faults;
mod outcomes;
mod support;
