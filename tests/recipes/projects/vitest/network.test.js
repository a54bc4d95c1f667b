import net from 'node:net';
import { expect, test } from 'vitest';

test('clients are told', () => expect(process.env.HF_HUB_OFFLINE).toBe('1'));
test('leaks', () => new Promise((done) => {
  const socket = net.connect(443, '192.0.2.1', () => done());
  socket.on('error', () => done());
}));
