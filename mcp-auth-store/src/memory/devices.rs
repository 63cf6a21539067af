//! What devices asked for, by device code and by user code.

use super::bounded::Bounded;
use crate::aggregate::EXPIRED_MEMORY;
use crate::{DeviceAnswer, DeviceAuthorization, MOST_DEVICE_CODES, Polled, SecretHash};

pub(super) struct Devices {
    devices: Bounded<SecretHash, Device>,
    /// The device code of each user code that may be answered.
    user_codes: Bounded<SecretHash, SecretHash>,
}

struct Device {
    asked: DeviceAuthorization,
    last_poll: Option<u64>,
}

impl Devices {
    pub(super) fn new() -> Self {
        Self { devices: Bounded::new(MOST_DEVICE_CODES), user_codes: Bounded::new(MOST_DEVICE_CODES) }
    }

    pub(super) fn begin(
        &mut self,
        device_code: SecretHash,
        user_code: SecretHash,
        asked: DeviceAuthorization,
        now: u64,
    ) -> bool {
        if self.waiting(user_code, now).is_some() {
            return false;
        }
        let forget_at = asked.expires_at.saturating_add(EXPIRED_MEMORY);
        self.user_codes.insert(user_code, device_code, asked.expires_at, now);
        self.devices.insert(device_code, Device { asked, last_poll: None }, forget_at, now);
        true
    }

    pub(super) fn find(&self, device_code: SecretHash) -> Option<&DeviceAuthorization> {
        self.devices.peek(&device_code).map(|device| &device.asked)
    }

    pub(super) fn waiting(&self, user_code: SecretHash, now: u64) -> Option<&DeviceAuthorization> {
        let device_code = self.user_codes.get(&user_code, now)?;
        self.find(*device_code).filter(|asked| asked.is_waiting(now))
    }

    /// Answers it; returns its client and its end.
    pub(super) fn answer(
        &mut self,
        user_code: SecretHash,
        answer: DeviceAnswer,
        now: u64,
    ) -> Option<(String, u64)> {
        let device_code = *self.user_codes.get(&user_code, now)?;
        let device = self.devices.peek_mut(&device_code)?;
        if !device.asked.is_waiting(now) {
            return None;
        }
        device.asked.answer = Some(answer);
        let answered = (device.asked.client_id.clone(), device.asked.expires_at);
        self.user_codes.remove(&user_code);
        Some(answered)
    }

    pub(super) fn poll(&mut self, device_code: SecretHash, now: u64) -> Polled {
        match self.devices.peek_mut(&device_code) {
            Some(device) => {
                let polled = device.asked.polled(device.last_poll, now);
                device.last_poll = Some(now);
                polled
            }
            None => Polled::Gone,
        }
    }

    pub(super) fn forget_person(&mut self, subject: &str) {
        self.devices.remove_where(|_, device| device.asked.is_allowed_by(subject));
    }

    pub(super) fn forget_client(&mut self, client_id: &str) {
        self.devices.remove_where(|_, device| device.asked.client_id == client_id);
    }

    pub(super) fn forget_client_of_person(&mut self, subject: &str, client_id: &str) {
        self.devices.remove_where(|_, device| {
            device.asked.client_id == client_id && device.asked.is_allowed_by(subject)
        });
    }

    /// Whether it was allowed and is used for the first time.
    pub(super) fn use_up(&mut self, device_code: SecretHash, now: u64) -> bool {
        let is_redeemable = self.find(device_code).is_some_and(|asked| asked.is_redeemable(now));
        if is_redeemable {
            self.devices.remove(&device_code);
        }
        is_redeemable
    }
}
