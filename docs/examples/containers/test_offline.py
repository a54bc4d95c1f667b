"""What the other files here run: the cache is there and sealed, and nothing else can be reached."""
import errno
import os
import socket
import unittest


class Offline(unittest.TestCase):
    def test_clients_are_told(self):
        self.assertEqual(os.environ["HF_HUB_OFFLINE"], "1")

    def test_the_cache_cannot_be_written(self):
        models = os.environ["HFOFFLINE_MODELS_DIR"]
        self.assertTrue(os.listdir(models))
        self.assertTrue(os.statvfs(models).f_flag & os.ST_RDONLY)
        self.assertFalse(os.access(models, os.W_OK))

    @unittest.skipUnless(os.environ.get("WRITE"), "set WRITE to see what a write looks like")
    def test_that_writes(self):
        with self.assertRaises(OSError) as caught:
            open(os.path.join(os.environ["HFOFFLINE_MODELS_DIR"], "new"), "w")
        self.assertEqual(caught.exception.errno, errno.EROFS)

    @unittest.skipUnless(os.environ.get("LEAK"), "set LEAK to see what a leak looks like")
    def test_that_leaks(self):
        try:
            socket.create_connection(("192.0.2.1", 443), timeout=5)
        except OSError as error:
            print(error)  # swallowed: only the run itself can tell


if __name__ == "__main__":
    unittest.main()
