//! Rules, teams and names.
