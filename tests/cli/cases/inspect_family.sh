# SPDX-License-Identifier: Apache-2.0
# The family comes from the description where the head is one that it has; else it is a YOLO detector.
. "$support"
need_demo
cp "$(engine)" parts.octet
said='YOLOv8 topology' # in the demo's description; texts of the same length keep the file whole
for text in "$said" 'YOLO11n trained' 'YOLOv9c trained' 'YOLOv10b by me.' 'YOLOv5su, tuned' 'YOLO26n trained' 'YOLO12z trained' \
    'YOLOv3-tinyu it' 'YOLOv6n trained' 'YOLOv5n6u, mine' 'YOLOv8n-ghost 1' 'YOLOv8n-p2x new' \
    'YOLOv8nano mine' 'a yolov8 of us.' 'YOLO? YOLOv8n!!'; do
    sed "s/$said/$text/" parts.octet >other.octet
    echo "$text"
    "$octet" inspect other.octet >text
    sed -n 1p text
    "$octet" inspect --json other.octet | grep -E '^  "(detector|head)"'
done
