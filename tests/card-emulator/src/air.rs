//! How long a command takes over the air: the model of facts/cards.md §11.

use std::time::Duration;

/// A bit rate of ISO 14443 type B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitRate {
    /// 106 kbit/s.
    K106,
    /// 212 kbit/s.
    K212,
    /// 424 kbit/s.
    K424,
}

impl BitRate {
    fn etu(self) -> f64 {
        let divider = match self {
            Self::K106 => 1.0,
            Self::K212 => 2.0,
            Self::K424 => 4.0,
        };
        128.0 / 13.56e6 / divider
    }

    /// Time on the air of one direction: 10 etu a byte, 25 etu of framing, 3 bytes of protocol, blocks of 253 bytes, each
    /// but the last acknowledged, 0.25 ms turnaround a block.
    fn one_way(self, bytes: usize) -> f64 {
        let blocks = bytes.div_ceil(253).max(1);
        let frame = |payload: usize| (payload + 3) as f64 * 10.0 * self.etu() + 25.0 * self.etu() + 0.25e-3;
        let acknowledgements = (blocks - 1) as f64 * frame(0);
        let full = (blocks - 1) as f64 * frame(253);
        full + frame(bytes - (blocks - 1) * 253) + acknowledgements
    }

    /// The floor of one command: nothing but the air.
    pub fn floor(self, command: &[u8], response: &[u8]) -> Duration {
        Duration::from_secs_f64(self.one_way(command.len()) + self.one_way(response.len()))
    }

    /// The floor plus what the card is assumed to need: 2 ms a command, 8 ms a VERIFY, 250 ms a signature.
    pub fn typical(self, command: &[u8], response: &[u8]) -> Duration {
        let card = match command.get(1) {
            Some(0x20) if command.len() > 5 => 8,
            Some(0x2a) => 250,
            _ => 2,
        };
        self.floor(command, response) + Duration::from_millis(card)
    }
}
