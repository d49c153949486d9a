//! Receipts, in words.

use chrono::{DateTime, SecondsFormat, Utc};
use wire::{Receipt, ReceiptState};

pub(crate) fn in_words(receipt: &Receipt) -> String {
    let at = moment(receipt.effective_at);
    match receipt.state {
        ReceiptState::Confirmed => {
            let count = receipt.confirmed_by;
            let who = if count == 1 { "the one process that answers" } else { "all processes that answer" };
            format!("Confirmed by {who} from memory ({count}). In force everywhere since {at}.")
        }
        ReceiptState::Pending => format!(
            "Pending: confirmed by {}, waiting for {}. In force everywhere by {at} at the latest.",
            receipt.confirmed_by,
            receipt.waiting_for.join(", ")
        ),
    }
}

pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_says_who_lags_and_until_when() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let waiting_for = vec!["edge-1".to_owned(), "edge-2".to_owned()];
        let receipt =
            Receipt { sequence: 7, state: ReceiptState::Pending, effective_at: at, confirmed_by: 3, waiting_for };
        let words = in_words(&receipt);
        assert!(words.contains("waiting for edge-1, edge-2") && words.contains("by 2027-01-15T08:00:00Z"), "{words}");
        let receipt = Receipt { state: ReceiptState::Confirmed, waiting_for: Vec::new(), ..receipt };
        assert!(in_words(&receipt).contains("In force everywhere since 2027-01-15T08:00:00Z"));
    }
}
