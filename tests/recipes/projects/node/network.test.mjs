import assert from 'node:assert';
import net from 'node:net';
import test from 'node:test';

test('clients are told', () => assert.strictEqual(process.env.HF_HUB_OFFLINE, '1'));
test('leaks', () => new Promise((done) => {
  const socket = net.connect(443, '192.0.2.1', done);
  socket.on('error', () => done());
}));
