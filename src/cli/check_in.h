// How the launcher learns that the shim is inside its program: a pipe whose writing end is named in
// HFOFFLINE_CHECKIN.
#pragma once

namespace hfoffline::cli {

class CheckIn {
 public:
  CheckIn() = default;
  ~CheckIn();
  CheckIn(const CheckIn&) = delete;
  CheckIn& operator=(const CheckIn&) = delete;

  // False (errno set) if no pipe can be had.
  bool open();
  // For the program only; close-on-exec until it is started.
  int writing_end() const { return ends_[1]; }
  // After the program has ended: whether the shim wrote its byte.
  bool arrived();

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace hfoffline::cli
