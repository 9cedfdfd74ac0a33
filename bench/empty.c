/* SPDX-License-Identifier: Apache-2.0 */
/* What starting any process costs: the measure for start_up.py. */
int main(void) {
  return 0;
}
