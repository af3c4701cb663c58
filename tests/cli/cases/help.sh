# SPDX-License-Identifier: Apache-2.0
# Every help text, as it is.
. "$support"
try --help
for verb in inspect detect calibrate build export eval study compare report run tune bench watch serve doctor; do
    try $verb --help
done
try help bench
try help bensh
try --version
